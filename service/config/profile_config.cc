#include "service/config/profile_config.h"

#include <string>

#include "absl/strings/string_view.h"

namespace gateway {
namespace {

using Section = ConfigReader::Section;

struct MembersText {
  absl::string_view text;
  v1::Members members;
};
constexpr MembersText kMembers[] = {
    {"brackets", v1::MEMBERS_IN_BRACKETS},
    {"dots", v1::MEMBERS_AFTER_DOTS},
};

struct ListsText {
  absl::string_view text;
  v1::Lists lists;
};
constexpr ListsText kLists[] = {
    {"repeat", v1::LISTS_REPEAT_KEY},
    {"brackets", v1::LISTS_IN_BRACKETS},
    {"index", v1::LISTS_WITH_INDEX},
    {"commas", v1::LISTS_WITH_COMMAS},
};

void ReadKeys(Section& section, mapping::ProfileOverrides& profile) {
  std::string members;
  section.Read("members", "Objects in forms and queries: `brackets` for a[b], `dots` for a.b.",
               members);
  for (const MembersText& known : kMembers) {
    if (members == known.text) profile.members = known.members;
  }
  if (!members.empty() && profile.members == v1::MEMBERS_UNSPECIFIED) {
    section.Fail("members", "expected brackets or dots");
  }
  std::string lists;
  section.Read("lists",
               "Lists in forms and queries: `repeat` for a=1&a=2, `brackets` for a[]=1, `index` "
               "for a[0]=1, `commas` for a=1,2.",
               lists);
  for (const ListsText& known : kLists) {
    if (lists == known.text) profile.lists = known.lists;
  }
  if (!lists.empty() && profile.lists == v1::LISTS_UNSPECIFIED) {
    section.Fail("lists", "expected repeat, brackets, index or commas");
  }
}

}  // namespace

mapping::ProfileOverrides ReadProfile(Section& upstream) {
  mapping::ProfileOverrides profile;
  Section section = upstream.Child(
      "profile", {"What the upstream does otherwise than its protos say; empty: as they say.",
                  ReloadRule::kRestart});
  section.Read("authorization_scheme",
               "The word before the key; `Basic` makes the key the user name.",
               profile.authorization_scheme);
  ReadKeys(section, profile);
  section.ReadTexts("path_prefixes", "beginning", "Beginnings of paths, and what replaces them.",
                    profile.path_prefixes);
  section.ReadTexts("operations", "RPC", "Verb and path, such as `GET /v1/payments/{id}`.",
                    profile.operations);
  section.ReadTexts("wire_names", "field", "Names of members and query parameters.",
                    profile.wire_names);
  return profile;
}

}  // namespace gateway
