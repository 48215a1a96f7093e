// Compares the project's reader with Python's http.client on the fuzz target's corpus of replies:
// on unusual but legal replies both must agree; on faulty ones they may differ. Every difference is
// listed in a table with its reason. A difference that is not in the table fails the test, and so
// does a row without a difference.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tests/left_out.h"
#include "tests/service/child_process.h"
#include "upstream/http/options.h"
#include "upstream/http/response_reader.h"

namespace gateway::http {
namespace {

constexpr char kPython[] = "/usr/bin/python3";

// The verdict is "200", "422(cut short)" or "broken"; headers and body are one printable line each.
struct Verdict {
  std::string verdict;
  std::string headers;
  std::string body;

  bool operator==(const Verdict&) const = default;
};

struct Difference {
  const char* ours;
  const char* theirs;
  const char* why;
};

const std::map<std::string, Difference>& Differences() {
  static const auto& differences = *new std::map<std::string, Difference>{
      {"204-chunked",
       {"204", "204(cut short)",
        "a 204 has no body, whatever it announces (RFC 9112, 6.3); http.client reads chunks"}},
      {"chunked-and-gzip-as-transfer-codings",
       {"200(unreadable)", "200",
        "http.client knows no transfer coding before chunked, and gives out the chunks as they "
        "came"}},
      {"chunked-and-length",
       {"broken", "200",
        "two readers may see two ends (RFC 9112, 6.3); http.client takes the chunks"}},
      {"chunked-with-a-length-in-the-trailer",
       {"200(cut short)", "200",
        "a length does not belong into a trailer (RFC 9110, 6.5.1); http.client reads no "
        "trailers"}},
      {"chunked-with-a-sign",
       {"200(cut short)", "200",
        "a chunk's size is of digits alone; http.client takes what int() takes"}},
      {"chunked-without-its-last-line",
       {"200(cut short)", "200", "the end came before the empty line: cut short (RFC 9112, 8)"}},
      {"header-with-a-space-before-the-colon",
       {"broken", "200", "not allowed (RFC 9112, 5.1); http.client reads no header from there on"}},
      {"header-with-bare-cr",
       {"broken", "200",
        "a bare CR is no end of a line (RFC 9112, 2.2); http.client sees two headers"}},
      {"header-with-bare-lf",
       {"broken", "200", "RFC 9112, 2.2 allows to take it for an end of a line; we do not"}},
      {"header-with-nul", {"broken", "200", "not allowed (RFC 9110, 5.5)"}},
      {"header-without-a-colon",
       {"broken", "200", "not allowed (RFC 9112, 5); http.client reads no header from there on"}},
      {"headers-cut-short", {"broken", "200", "the head is not complete (RFC 9112, 8)"}},
      {"headers-too-large-with-bare-lf", {"broken", "200", "as header-with-bare-lf"}},
      {"identity-as-a-transfer-coding",
       {"200(unreadable)", "200", "RFC 9112 knows no such coding any more"}},
      {"interim-and-nothing",
       {"broken", "103", "a 103 is no answer yet (RFC 9110, 15.2); http.client skips 100 alone"}},
      {"interim-early-hints", {"201", "103", "as interim-and-nothing"}},
      {"interim-processing", {"200", "102", "as interim-and-nothing"}},
      {"interim-with-a-length", {"200", "103", "as interim-and-nothing"}},
      {"interim-without-end", {"broken", "103", "as interim-and-nothing"}},
      {"length-and-chunked", {"broken", "200", "as chunked-and-length"}},
      {"length-beyond-64-bits",
       {"broken", "200(cut short)", "a length that cannot be is none that can be trusted"}},
      {"length-negative", {"broken", "200", "a length is of digits alone (RFC 9110, 8.6)"}},
      {"length-two-that-differ",
       {"broken", "200", "two lengths that differ (RFC 9112, 6.3); http.client takes the first"}},
      {"switching-protocols",
       {"broken", "101", "nobody asked for it; a 101 is the end of HTTP on the connection"}},
  };
  return differences;
}

std::string Printable(absl::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    if (absl::ascii_isprint(static_cast<unsigned char>(c)) && c != '\\') {
      text += c;
    } else {
      absl::StrAppend(&text, absl::StrFormat("\\x%02x", static_cast<unsigned char>(c)));
    }
  }
  return text;
}

std::string OneLine(absl::string_view value) {
  return absl::StrJoin(absl::StrSplit(value, absl::ByAnyChar(" \t"), absl::SkipEmpty()), " ");
}

std::string Headers(const Response& response) {
  std::vector<std::string> headers;
  for (const absl::string_view line : absl::StrSplit(response.headers, "\r\n", absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> header =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    headers.push_back(
        absl::StrCat(absl::AsciiStrToLower(header.first), ": ", OneLine(header.second)));
  }
  return Printable(absl::StrJoin(headers, "; "));
}

Verdict Read(const std::string& reply) {
  const Options defaults;
  ResponseReader reader(defaults.max_header_bytes, defaults.max_body_bytes);
  reader.Feed(reply);
  reader.End(/*in_good_order=*/true);
  if (reader.state() != ResponseReader::State::kComplete) return {"broken", "", ""};
  const Response response = reader.Take();
  constexpr absl::string_view kStates[] = {"", "(cut short)", "(unreadable)", "(too large)"};
  return {absl::StrCat(response.status, kStates[static_cast<int>(response.body_state)]),
          Headers(response), Printable(response.body)};
}

std::map<std::string, Verdict> OurVerdicts() {
  std::map<std::string, Verdict> verdicts;
  for (const auto& file : std::filesystem::directory_iterator(CORPUS)) {
    std::ifstream stream(file.path(), std::ios::binary);
    const std::string all((std::istreambuf_iterator<char>(stream)),
                          std::istreambuf_iterator<char>());
    verdicts[file.path().filename()] = Read(all.substr(all.find('\n') + 1));
  }
  return verdicts;
}

std::map<std::string, Verdict> TheirVerdicts() {
  const Ended ended = RunProgram({kPython, SCRIPT, CORPUS});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  std::map<std::string, Verdict> verdicts;
  for (const absl::string_view line : absl::StrSplit(ended.out, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> fields = absl::StrSplit(line, '\t');
    EXPECT_EQ(fields.size(), 4U) << line;
    if (fields.size() == 4) verdicts[fields[0]] = {fields[1], fields[2], fields[3]};
  }
  return verdicts;
}

std::string Shown(const Verdict& verdict) {
  return absl::StrCat(verdict.verdict, " [", verdict.headers, "] ", verdict.body.substr(0, 100));
}

TEST(ReferenceClientTest, DiffersFromPythonsOnlyWhereItIsExplained) {
  if (access(kPython, X_OK) != 0) {
    return LeaveOut("python3 is not installed (tools/scripts/packages-peers.txt)");
  }
  std::map<std::string, Verdict> theirs = TheirVerdicts();
  int same = 0;
  int explained = 0;
  for (const auto& [file, ours] : OurVerdicts()) {
    ASSERT_TRUE(theirs.contains(file)) << file;
    const Verdict& other = theirs[file];
    const auto row = Differences().find(file);
    if (row == Differences().end()) {
      EXPECT_EQ(Shown(ours), Shown(other)) << file << ": a difference that is not explained";
      EXPECT_TRUE(ours == other) << file;
      same += ours == other ? 1 : 0;
      continue;
    }
    EXPECT_EQ(ours.verdict, row->second.ours) << file << ": " << row->second.why;
    EXPECT_EQ(other.verdict, row->second.theirs) << file << ": " << row->second.why;
    EXPECT_FALSE(ours == other) << file << ": explained, and no difference";
    std::cout << absl::StrFormat("%-40s ours %-16s theirs %-16s %s\n", file, ours.verdict,
                                 other.verdict, row->second.why);
    ++explained;
  }
  std::cout << same << " replies read alike, " << explained << " differently, as explained\n";
  EXPECT_EQ(explained, static_cast<int>(Differences().size())) << "a row without its reply";
}

}  // namespace
}  // namespace gateway::http
