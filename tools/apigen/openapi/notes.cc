#include "tools/apigen/openapi/notes.h"

#include <algorithm>

namespace gateway::apigen {

absl::string_view EffectName(Note::Effect effect) {
  switch (effect) {
    case Note::Effect::kSkipped:
      return "skipped";
    case Note::Effect::kLoosened:
      return "loosened";
    case Note::Effect::kNamed:
      return "named";
    case Note::Effect::kKept:
      return "kept";
  }
  return "";
}

void Notes::Add(Note::Effect effect, absl::string_view pointer, absl::string_view what) {
  Note note{effect, std::string(pointer), std::string(what)};
  if (seen_.insert(note).second) all_.push_back(std::move(note));
}

size_t Notes::Count(Note::Effect effect) const {
  return std::count_if(all_.begin(), all_.end(),
                       [effect](const Note& note) { return note.effect == effect; });
}

}  // namespace gateway::apigen
