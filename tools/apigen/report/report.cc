#include "tools/apigen/report/report.h"

#include <algorithm>
#include <functional>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"

namespace gateway::apigen {
namespace {

using Json = nlohmann::ordered_json;
using Kind = Change::Kind;

constexpr size_t kRpcsInALine = 3;

std::vector<std::string> BrokenFor(const Breaks& breaks) {
  std::vector<std::string> words;
  if (breaks.wire) words.push_back("wire");
  if (breaks.json) words.push_back("json");
  if (breaks.source) words.push_back("source");
  if (breaks.calls) words.push_back("calls");
  return words;
}

std::string LineOf(const Change& change) {
  std::string line = absl::StrCat("- `", change.subject, "` ", KindName(change.kind));
  if (!change.detail.empty()) absl::StrAppend(&line, ": ", change.detail);
  const bool itself = change.rpcs.size() == 1 && change.rpcs.front() == change.subject;
  if (!change.rpcs.empty() && !itself) {
    const size_t shown = std::min(change.rpcs.size(), kRpcsInALine);
    const std::vector<std::string> first(change.rpcs.begin(),
                                         change.rpcs.begin() + static_cast<ptrdiff_t>(shown));
    absl::StrAppend(&line, " (", absl::StrJoin(first, ", "));
    if (change.rpcs.size() > shown) {
      absl::StrAppend(&line, " and ", change.rpcs.size() - shown, " more");
    }
    absl::StrAppend(&line, ")");
  }
  return absl::StrCat(line, "\n");
}

void Section(std::string& text, absl::string_view title, const std::vector<std::string>& lines,
             absl::string_view explanation = "") {
  if (lines.empty()) return;
  absl::StrAppend(&text, "\n## ", title, " (", lines.size(), ")\n\n");
  if (!explanation.empty()) absl::StrAppend(&text, explanation, "\n\n");
  for (const std::string& line : lines) absl::StrAppend(&text, line);
}

std::vector<std::string> LinesWhere(const Report& report,
                                    const std::function<bool(const Change&)>& wanted) {
  std::vector<std::string> lines;
  for (const Change& change : report.changes) {
    if (wanted(change)) lines.push_back(LineOf(change));
  }
  return lines;
}

// Lists each breaking change once, under the gravest kind of breakage: wire, calls, JSON or source.
void BreakingSections(const Report& report, std::string& text) {
  Section(text, "Breaking: wire", LinesWhere(report, [](const Change& c) { return c.breaks.wire; }),
          "Bytes of one side are misread, or not read, by the other.");
  Section(
      text, "Breaking: calls that are refused",
      LinesWhere(report, [](const Change& c) { return c.breaks.calls && !c.breaks.wire; }),
      "A request that was accepted is refused now: by the gateway, or by the upstream where the "
      "line says so.");
  const auto earlier = [](const Change& c) { return c.breaks.wire || c.breaks.calls; };
  Section(text, "Breaking: JSON names and source",
          LinesWhere(report, [&](const Change& c) { return c.breaks.json && !earlier(c); }));
  Section(
      text, "Breaking: source",
      LinesWhere(report,
                 [&](const Change& c) { return c.breaks.source && !c.breaks.json && !earlier(c); }),
      "Bytes stay readable. Code that names the element does not compile with the new protos.");
}

void Questions(const Report& report, std::string& text) {
  std::vector<std::string> lines;
  for (const Question& question : report.questions) {
    lines.push_back(absl::StrCat("- `", question.type, "` is gone; it may be `",
                                 absl::StrJoin(question.candidates, "`, `"), "` now. If so: `\"",
                                 question.candidates.front(), "\": \"", question.type, "\"`\n"));
  }
  Section(text, "To decide", lines,
          "An answer goes into `renamed` of the file of decisions; `\"\"` says that it is another "
          "type.");
}

void ReviewSections(const Report& report, std::string& text) {
  const auto list = [](const std::vector<std::string>& names) {
    std::vector<std::string> lines;
    for (const std::string& name : names) lines.push_back(absl::StrCat("- `", name, "`\n"));
    return lines;
  };
  std::vector<std::string> sensitive;
  for (const Candidate& candidate : report.review.sensitive) {
    sensitive.push_back(absl::StrCat("- `", candidate.field, "`: like ", candidate.like, "\n"));
  }
  Section(text, "Sensitive?", sensitive, "Mark what must never be shown.");
  Section(text, "Comments to look at again", list(report.review.stale_comments),
          "The upstream's text or the type behind them changed.");
  Section(text, "Without a comment", list(report.review.uncommented));
  std::vector<std::string> notes;
  for (const Note& note : report.notes) {
    notes.push_back(
        absl::StrCat("- ", EffectName(note.effect), ": `", note.pointer, "`: ", note.what, "\n"));
  }
  Section(text, "Notes on the OpenAPI file", notes);
}

std::set<std::string> AffectedRpcs(const Report& report) {
  std::set<std::string> rpcs;
  for (const Change& change : report.changes) rpcs.insert(change.rpcs.begin(), change.rpcs.end());
  return rpcs;
}

size_t Count(const Report& report, Kind kind) {
  return std::count_if(report.changes.begin(), report.changes.end(),
                       [kind](const Change& change) { return change.kind == kind; });
}

size_t Count(const Report& report, Note::Effect effect) {
  return std::count_if(report.notes.begin(), report.notes.end(),
                       [effect](const Note& note) { return note.effect == effect; });
}

}  // namespace

size_t Report::breaking() const {
  return std::count_if(changes.begin(), changes.end(),
                       [](const Change& change) { return change.breaks.any(); });
}

std::string Markdown(const Report& report) {
  std::string text = absl::StrCat("# ", report.package);
  if (!report.version.empty()) absl::StrAppend(&text, ": ", report.version);
  absl::StrAppend(&text, "\n\n");
  if (!report.version_before.empty()) {
    absl::StrAppend(&text, "Compared with ", report.version_before, ".\n\n");
  }
  absl::StrAppendFormat(
      &text,
      "%d changes, %d breaking, %d renames upstream, %d to decide; %d RPCs affected; %d operations "
      "or parameters skipped\n%d services, %d RPCs, %d messages, %d enums\n",
      report.changes.size(), report.breaking(), Count(report, Kind::kRenamed),
      report.questions.size(), AffectedRpcs(report).size(), Count(report, Note::Effect::kSkipped),
      report.services, report.rpcs, report.messages, report.enums);
  BreakingSections(report, text);
  Questions(report, text);
  const auto is_rename = [](const Change& c) {
    return c.kind == Kind::kRenamed && !c.breaks.any();
  };
  Section(text, "Renamed upstream", LinesWhere(report, is_rename),
          "Our names stay; an option holds the upstream's.");
  Section(text, "Other changes",
          LinesWhere(report, [&](const Change& c) { return !c.breaks.any() && !is_rename(c); }));
  ReviewSections(report, text);
  return text;
}

std::string JsonText(const Report& report) {
  Json json = {{"package", report.package},
               {"version", report.version},
               {"version_before", report.version_before}};
  const auto affected = AffectedRpcs(report);
  json["counts"] = {{"changes", report.changes.size()},
                    {"breaking", report.breaking()},
                    {"rpcs_affected", affected.size()},
                    {"services", report.services},
                    {"rpcs", report.rpcs},
                    {"messages", report.messages},
                    {"enums", report.enums}};
  for (const char* list : {"changes", "questions", "notes", "sensitive"})
    json[list] = Json::array();
  for (const Change& change : report.changes) {
    json["changes"].push_back({{"kind", std::string(KindName(change.kind))},
                               {"subject", change.subject},
                               {"detail", change.detail},
                               {"breaks", BrokenFor(change.breaks)},
                               {"rpcs", change.rpcs}});
  }
  for (const Question& question : report.questions) {
    json["questions"].push_back({{"type", question.type}, {"candidates", question.candidates}});
  }
  for (const Note& note : report.notes) {
    json["notes"].push_back({{"effect", std::string(EffectName(note.effect))},
                             {"pointer", note.pointer},
                             {"what", note.what}});
  }
  for (const Candidate& candidate : report.review.sensitive) {
    json["sensitive"].push_back({{"field", candidate.field}, {"like", candidate.like}});
  }
  json["rpcs_affected"] = affected;
  json["uncommented"] = report.review.uncommented;
  json["stale_comments"] = report.review.stale_comments;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace gateway::apigen
