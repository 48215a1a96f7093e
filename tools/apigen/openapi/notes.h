// Notes of one run about the OpenAPI file: what the run left out, what the run read in a looser
// form than the file states, and which names the run made up. All notes are collected; none stops
// the run.
//
// Not thread-safe. Equal notes about the same place are stored once.
#ifndef TOOLS_APIGEN_OPENAPI_NOTES_H_
#define TOOLS_APIGEN_OPENAPI_NOTES_H_

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/string_view.h"

namespace gateway::apigen {

struct Note {
  enum class Effect {
    kSkipped,   // an operation or a parameter is left out of the protos
    kLoosened,  // a detail is ignored, or a type is read as any value, list or object
    kNamed,     // a name differs from the upstream's
    kKept,      // committed content stays, although the upstream differs
  };
  Effect effect = Effect::kSkipped;
  // A JSON pointer into the OpenAPI file.
  std::string pointer;
  std::string what;

  auto Key() const { return std::tie(effect, pointer, what); }
};

absl::string_view EffectName(Note::Effect effect);

class Notes {
 public:
  void Add(Note::Effect effect, absl::string_view pointer, absl::string_view what);

  const std::vector<Note>& all() const { return all_; }
  size_t Count(Note::Effect effect) const;

 private:
  struct Less {
    bool operator()(const Note& a, const Note& b) const { return a.Key() < b.Key(); }
  };
  std::vector<Note> all_;
  std::set<Note, Less> seen_;
};

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_OPENAPI_NOTES_H_
