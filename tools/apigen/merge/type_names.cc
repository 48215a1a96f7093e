#include "tools/apigen/merge/type_names.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "gateway/v1/annotations.pb.h"
#include "tools/apigen/model/places.h"

namespace gateway::apigen {
namespace {

using Words = std::set<std::string>;

// The content of a type, for comparison with another type.
struct Content {
  bool is_enum = false;
  Words words;
};

Content ContentOf(const Contract& contract, const std::string& type) {
  Content content;
  if (const auto message = contract.messages.find(type); message != contract.messages.end()) {
    for (const Field& field : message->second.fields) content.words.insert(WireNameOf(field));
  } else if (const auto value = contract.enums.find(type); value != contract.enums.end()) {
    content.is_enum = true;
    for (const std::string& text : TextsOf(value->second)) content.words.insert(text);
  }
  return content;
}

// Whether one content includes all words of the other content, or at least half of all words are in
// both.
bool Similar(const Content& a, const Content& b) {
  if (a.is_enum != b.is_enum) return false;
  Words shared;
  std::set_intersection(a.words.begin(), a.words.end(), b.words.begin(), b.words.end(),
                        std::inserter(shared, shared.end()));
  const size_t all = a.words.size() + b.words.size() - shared.size();
  const bool included = shared.size() == std::min(a.words.size(), b.words.size());
  return (included && !shared.empty()) || 2 * shared.size() >= all;
}

bool IsType(const Contract& contract, const std::string& name) {
  return contract.messages.count(name) > 0 || contract.enums.count(name) > 0;
}

// Maps each type that can stand for a schema to its upstream name. Leaves out wrappers and types
// that are gone.
std::map<std::string, std::string> SchemasOf(const Contract& contract) {
  std::map<std::string, std::string> upstream;
  const auto wrappers = WrapperKeys(contract);
  for (const auto& [name, message] : contract.messages) {
    const auto& rules = message.options.GetExtension(gateway::v1::schema);
    const bool counts = wrappers.count(name) == 0 && !message.wrapper && !rules.gone();
    if (counts) upstream[name] = UpstreamNameOf(message);
  }
  for (const auto& [name, value] : contract.enums) {
    const auto& rules = value.options.GetExtension(gateway::v1::enum_schema);
    if (!rules.gone()) upstream[name] = UpstreamNameOf(value);
  }
  return upstream;
}

bool IsLocal(const Contract& contract, const std::string& type) {
  if (const auto message = contract.messages.find(type); message != contract.messages.end()) {
    return message->second.options.GetExtension(gateway::v1::schema).local();
  }
  const auto value = contract.enums.find(type);
  return value != contract.enums.end() &&
         value->second.options.GetExtension(gateway::v1::enum_schema).local();
}

class Finder {
 public:
  Finder(const Contract& committed, const Contract& derived, const Decisions& decisions)
      : committed_(committed),
        derived_(derived),
        decisions_(decisions),
        derived_schemas_(SchemasOf(derived)) {}

  TypeNames Run() && {
    MatchByName();
    while (FollowPlaces()) {
    }
    MatchWithoutPlaces();
    FindNumbers();
    return std::move(names_);
  }

 private:
  // Matches committed types to schemas: by a decision, otherwise by the upstream's name (the option
  // `name`, or the type's own name). A committed type that finds no schema is gone, unless it is
  // local; a schema that finds no type is new.
  void MatchByName() {
    std::map<std::string, std::string> types_of;
    for (const auto& [type, upstream] : derived_schemas_) types_of[upstream] = type;
    for (const auto& [schema, type] : decisions_.renamed) {
      const auto derived = types_of.find(schema);
      if (derived == types_of.end() || !IsType(committed_, type)) continue;
      if (Match(type, derived->second)) decided_.insert(type);
    }
    for (const auto& [type, upstream] : SchemasOf(committed_)) {
      if (decided_.count(type) > 0) continue;
      const auto derived = types_of.find(upstream);
      const bool same_kind =
          derived != types_of.end() &&
          ContentOf(committed_, type).is_enum == ContentOf(derived_, derived->second).is_enum;
      if (same_kind) {
        Match(type, derived->second);
      } else if (!IsLocal(committed_, type)) {
        gone_.insert(type);
      }
    }
  }

  bool Match(const std::string& type, const std::string& derived) {
    if (!now_.emplace(type, derived).second) return false;
    names_.committed_as[derived].push_back(type);
    return true;
  }

  bool IsDecidedAgainst(const std::string& derived) const {
    const auto decision = decisions_.renamed.find(derived_schemas_.at(derived));
    return decision != decisions_.renamed.end() && decision->second.empty();
  }

  // Counts, for each committed type, which types are now at the places where it was used.
  std::map<std::string, std::map<std::string, int>> Tally() const {
    std::map<std::string, std::map<std::string, int>> tally;
    const Places before = PlacesOf(committed_, [this](const std::string& message) {
      const auto now = now_.find(message);
      return now == now_.end() ? "" : now->second;
    });
    const Places after = PlacesOf(derived_, [](const std::string& message) { return message; });
    for (const auto& [place, type] : before) {
      const auto found = after.find(place);
      if (found == after.end() || derived_schemas_.count(found->second) == 0) continue;
      if (IsType(committed_, type)) ++tally[type][found->second];
    }
    return tally;
  }

  bool Fits(const std::string& type, const std::string& derived) const {
    return !IsDecidedAgainst(derived) &&
           Similar(ContentOf(committed_, type), ContentOf(derived_, derived));
  }

  void Rename(const std::string& type, const std::string& derived) {
    Match(type, derived);
    names_.renamed[type] = derived_schemas_.at(derived);
    gone_.erase(type);
  }

  // Runs one round, and returns whether it found a match. If a match is a message, the places
  // within that message can be compared in the next round.
  bool FollowPlaces() {
    bool found = false;
    for (const auto& [type, counts] : Tally()) {
      if (gone_.count(type) == 0) continue;
      std::string best;
      int all = 0;
      for (const auto& [derived, count] : counts) {
        all += count;
        if (Fits(type, derived) && (best.empty() || count > counts.at(best))) best = derived;
      }
      if (best.empty() || 2 * counts.at(best) < all) continue;
      Rename(type, best);
      found = true;
    }
    return found;
  }

  // Handles the types that the places did not match. If no place of a type is left, and exactly one
  // new schema has the same members (two or more), the type is renamed to that schema. Otherwise
  // the report asks about the schemas that are similar or at one of the type's places.
  void MatchWithoutPlaces() {
    const auto tally = Tally();
    for (const std::string& type : std::set<std::string>(gone_)) {
      const Content content = ContentOf(committed_, type);
      std::vector<std::string> equal;
      std::vector<std::string> similar;
      for (const auto& [derived, upstream] : derived_schemas_) {
        if (names_.committed_as.count(derived) > 0 || !Fits(type, derived)) continue;
        similar.push_back(derived);
        if (ContentOf(derived_, derived).words == content.words) equal.push_back(derived);
      }
      const bool certain = equal.size() == 1 && content.words.size() > 1;
      if (certain && tally.count(type) == 0) {
        Rename(type, equal.front());
      } else {
        Ask(type, similar, tally);
      }
    }
  }

  void Ask(const std::string& type, const std::vector<std::string>& similar,
           const std::map<std::string, std::map<std::string, int>>& tally) {
    Question question{type, {}};
    std::set<std::string> candidates(similar.begin(), similar.end());
    if (const auto counts = tally.find(type); counts != tally.end()) {
      for (const auto& [derived, unused] : counts->second) {
        if (names_.committed_as.count(derived) == 0) candidates.insert(derived);
      }
    }
    for (const std::string& derived : candidates) {
      if (!IsDecidedAgainst(derived)) {
        question.candidates.push_back(derived_schemas_.at(derived));
      }
    }
    if (!question.candidates.empty()) names_.questions.push_back(std::move(question));
  }

  void FindNumbers() {
    std::map<std::string, std::map<std::string, int>> origins;
    for (const auto& [type, counts] : Tally()) {
      for (const auto& [derived, count] : counts) {
        const bool is_new = names_.committed_as.count(derived) == 0;
        if (is_new && Fits(type, derived)) origins[derived][type] += count;
      }
    }
    for (const auto& [derived, counts] : origins) {
      const auto most = std::max_element(counts.begin(), counts.end(),
                                         [](auto& a, auto& b) { return a.second < b.second; });
      names_.numbers_from[derived] = most->first;
    }
  }

  const Contract& committed_;
  const Contract& derived_;
  const Decisions& decisions_;
  // Maps derived type names to the upstream's names.
  const std::map<std::string, std::string> derived_schemas_;
  // Maps committed types to the derived types that they are now.
  std::map<std::string, std::string> now_;
  std::set<std::string> gone_;
  std::set<std::string> decided_;
  TypeNames names_;
};

}  // namespace

TypeNames FindTypeNames(const Contract& committed, const Contract& derived,
                        const Decisions& decisions) {
  return Finder(committed, derived, decisions).Run();
}

}  // namespace gateway::apigen
