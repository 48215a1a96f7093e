#include "tools/apigen/report/review.h"

#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/v1/annotations.pb.h"
#include "tools/apigen/model/places.h"
#include "tools/apigen/report/rules.h"

namespace gateway::apigen {
namespace {

// Words in member names that suggest personal data or a credential.
constexpr absl::string_view kWords[] = {
    "email", "phone",  "address", "token",      "secret",       "password",   "api_key",
    "_ip",   "tax_id", "birth",   "upload_url", "download_url", "signed_url", "iban"};

bool IsProtected(const Field& field) {
  return RulesOf(field).sensitive() || RulesOf(field).credential();
}

bool HasComment(const Comments& comments) {
  return !comments.leading.empty() || !comments.trailing.empty();
}

class Examiner {
 public:
  Examiner(const Contract& before, const Contract& after, const Record& then, const Record& now)
      : before_(before), after_(after), then_(then), now_(now), wrappers_(WrapperKeys(after)) {
    for (const auto& [name, message] : after.messages) {
      for (const Field& field : message.fields) {
        if (IsProtected(field)) protected_.emplace(field.name, absl::StrCat(name, ".", field.name));
      }
    }
  }

  Review Run(const std::vector<Change>& changes) {
    for (const Service& service : after_.services) {
      for (const Method& method : service.methods) ExamineMethod(service, method);
    }
    for (const auto& [name, message] : after_.messages) ExamineMessage(message);
    for (const auto& [name, value] : after_.enums) {
      if (before_.enums.count(name) == 0 && !HasComment(value.comments)) {
        review_.uncommented.push_back(name);
      }
    }
    for (const Change& change : changes) {
      if (change.kind == Change::Kind::kRetyped) retyped_.insert(change.subject);
    }
    FindStaleComments();
    return std::move(review_);
  }

 private:
  const Method* MethodBefore(const Service& service, const Method& method) const {
    for (const Service& old : before_.services) {
      if (old.name != service.name) continue;
      for (const Method& candidate : old.methods) {
        if (candidate.name == method.name) return &candidate;
      }
    }
    return nullptr;
  }

  void ExamineMethod(const Service& service, const Method& method) {
    const bool is_new = MethodBefore(service, method) == nullptr;
    if (is_new && !HasComment(method.comments)) {
      review_.uncommented.push_back(absl::StrCat(service.name, ".", method.name));
    }
  }

  void ExamineMessage(const Message& message) {
    const auto before = before_.messages.find(message.name);
    const bool wrapper = message.wrapper || wrappers_.count(message.name) > 0;
    if (before == before_.messages.end() && !wrapper && !HasComment(message.comments)) {
      review_.uncommented.push_back(message.name);
    }
    for (const Field& field : message.fields) {
      const bool known = before != before_.messages.end() && Has(before->second, field.name);
      if (known) continue;
      const std::string subject = absl::StrCat(message.name, ".", field.name);
      if (!wrapper && !HasComment(field.comments)) review_.uncommented.push_back(subject);
      ExamineName(subject, field);
    }
  }

  static bool Has(const Message& message, const std::string& name) {
    for (const Field& field : message.fields) {
      if (field.name == name) return true;
    }
    return false;
  }

  void ExamineName(const std::string& subject, const Field& field) {
    if (IsProtected(field)) return;
    if (const auto like = protected_.find(field.name); like != protected_.end()) {
      review_.sensitive.push_back({subject, like->second});
      return;
    }
    if (field.type != "string") return;
    for (absl::string_view word : kWords) {
      if (!absl::StrContains(field.name, word)) continue;
      review_.sensitive.push_back({subject, absl::StrCat("the word \"", word, "\"")});
      return;
    }
  }

  // Returns the fingerprint of the member's description; "" if the record does not have the member.
  static std::string PrintOf(const Record& record, const std::string& schema,
                             const std::string& member) {
    const auto found = record.schemas.find(schema);
    if (found == record.schemas.end()) return "";
    const auto print = found->second.find(member);
    return print == found->second.end() ? "" : print->second;
  }

  bool TextChanged(const std::string& schema, const std::string& member) const {
    if (then_.schemas.count(schema) == 0 || now_.schemas.count(schema) == 0) return false;
    return PrintOf(then_, schema, member) != PrintOf(now_, schema, member);
  }

  void FindStaleComments() {
    for (const Service& service : after_.services) {
      for (const Method& method : service.methods) {
        const auto then = then_.operations.find(RouteOf(method));
        const auto now = now_.operations.find(RouteOf(method));
        const bool changed = then != then_.operations.end() && now != now_.operations.end() &&
                             then->second != now->second;
        Note(absl::StrCat(service.name, ".", method.name), method.comments, changed);
      }
    }
    for (const auto& [name, message] : after_.messages) {
      const std::string upstream = UpstreamNameOf(message);
      Note(name, message.comments, TextChanged(upstream, ""));
      for (const Field& field : message.fields) {
        Note(absl::StrCat(name, ".", field.name), field.comments,
             TextChanged(upstream, WireNameOf(field)));
      }
    }
    for (const auto& [name, value] : after_.enums) {
      Note(name, value.comments, TextChanged(UpstreamNameOf(value), ""));
    }
  }

  void Note(const std::string& subject, const Comments& comments, bool text_changed) {
    if (!HasComment(comments)) return;
    if (text_changed || retyped_.count(subject) > 0) review_.stale_comments.push_back(subject);
  }

  const Contract& before_;
  const Contract& after_;
  const Record& then_;
  const Record& now_;
  const std::map<std::string, std::string> wrappers_;
  // Maps a field name to a field of that name that is marked `sensitive` or `credential`.
  std::map<std::string, std::string> protected_;
  std::set<std::string> retyped_;
  Review review_;
};

}  // namespace

Review Examine(const Contract& before, const Contract& after, const std::vector<Change>& changes,
               const Record& then, const Record& now) {
  return Examiner(before, after, then, now).Run(changes);
}

}  // namespace gateway::apigen
