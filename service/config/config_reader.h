// Reads one JSON configuration file into structs whose members already hold the defaults. Each key
// is declared once, with its documentation. From the declarations the reader reads the values,
// finds unknown keys, and makes the table of all keys.
//
//   ConfigReader reader("gateway.json", json);
//   ConfigReader::Section root = reader.Root();
//   root.Read("listen", "Address of the gRPC port.", config.listen);
//   ConfigReader::Section pool = root.Child("pool", "Connections to the upstream.");
//   pool.Read("max_connections", "...", config.max_connections, 1, 10000);
//   if (!reader.status().ok()) ... reader.status() ...
//
//   pool.Read("event_loops", {"...", ReloadRule::kRestart}, config.event_loops, 1, 64);
//
// Nothing is expanded in a value, such as environment variables. A bad value or an unknown key adds
// an error with file, key and reason, and reading goes on, so that all errors are reported at once.
// An error never shows a value: it may be an upstream's key that was put in the wrong place.
//
// Thread-safety: one thread. Lifetime: sections must not outlive their reader.
#ifndef SERVICE_CONFIG_CONFIG_READER_H_
#define SERVICE_CONFIG_CONFIG_READER_H_

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/config/reload_rule.h"

namespace gateway {

// A key's documentation, for the table of keys, and what a reload may do to the key.
struct Meaning {
  template <typename Text>
  Meaning(const Text& text,
          ReloadRule rule = ReloadRule::kTaken)  // NOLINT: a text converts implicitly
      : text(text), rule(rule) {}

  absl::string_view text;  // must outlive this
  ReloadRule rule;
};

class ConfigReader {
 public:
  // One row of the table of keys.
  struct Key {
    std::string path;           // "upstreams.<name>.pool.max_connections"
    std::string default_value;  // as JSON; empty for a section
    std::string documentation;
    ReloadRule rule = ReloadRule::kTaken;
  };

  class Section;

  // `file` is named in errors.
  ConfigReader(std::string file, nlohmann::json root);

  Section Root();

  // INVALID_ARGUMENT with one line for each error.
  absl::Status status() const;

  // All keys declared so far, in the order of their declaration.
  const std::vector<Key>& keys() const { return keys_; }

  // The values of all keys whose rule is not kTaken.
  const RuledValues& ruled() const { return ruled_; }

 private:
  void AddError(absl::string_view path, absl::string_view reason);

  const std::string file_;
  const nlohmann::json root_;
  std::vector<std::string> errors_;
  std::vector<Key> keys_;
  RuledValues ruled_;
};

// One object of the file. Its destructor adds an error for each member that nobody read.
class ConfigReader::Section {
 public:
  Section(const Section&) = delete;
  Section& operator=(const Section&) = delete;
  ~Section();

  void Read(absl::string_view key, const Meaning& meaning, std::string& value);
  void Read(absl::string_view key, const Meaning& meaning, bool& value);
  // The bounds are inclusive.
  void Read(absl::string_view key, const Meaning& meaning, int64_t& value, int64_t minimum,
            int64_t maximum);
  void Read(absl::string_view key, const Meaning& meaning, double& value, double minimum,
            double maximum);
  // A number with a unit, such as "250ms" or "1m30s"; not below the minimum.
  void Read(absl::string_view key, const Meaning& meaning, absl::Duration& value,
            absl::Duration minimum = absl::ZeroDuration());

  // A list of strings. Neither the list nor a string may be empty.
  void Read(absl::string_view key, const Meaning& meaning, std::vector<std::string>& texts);

  // An object whose members are strings, and whose names are not empty. `placeholder`: see Each.
  void ReadTexts(absl::string_view key, absl::string_view placeholder, const Meaning& meaning,
                 std::map<std::string, std::string>& texts);

  // Declares a key that no longer exists. If the file still sets it, the error gives the advice.
  void Retired(absl::string_view key, absl::string_view advice);

  // Returns the section of the object under `key`. If the file has no such object, every key of the
  // section keeps its default.
  Section Child(absl::string_view key, const Meaning& meaning);

  // Calls visit(name, section) for each member of the object under `key`. `placeholder` stands for
  // the names in the table of keys. If there is no member, visit is called once with the
  // placeholder, so that its keys are declared.
  void Each(absl::string_view key, absl::string_view placeholder, const Meaning& meaning,
            absl::FunctionRef<void(const std::string&, Section&)> visit);

  // Whether the file has the section at all.
  bool present() const { return object_ != nullptr; }

  // Adds an error that the caller found.
  void Fail(absl::string_view key, absl::string_view reason);

 private:
  friend class ConfigReader;
  struct Place {
    std::string path;
    std::string documented_path;
    ReloadRule rule = ReloadRule::kTaken;  // for all keys of the section
    bool is_there = true;                  // false: only for the table of keys
  };
  Section(ConfigReader& reader, Place place, const nlohmann::json* object);

  // Null if the file has no such member.
  const nlohmann::json* Member(absl::string_view key) const;
  // Declares the key and finds its value. Returns null if it is not in the file.
  const nlohmann::json* Find(absl::string_view key, const Meaning& meaning,
                             std::string default_value);
  const nlohmann::json* FindObject(absl::string_view key, const Meaning& meaning);
  // Records the key's value in ruled(), unless the key's rule is kTaken.
  void Keep(absl::string_view key, const Meaning& meaning, std::string value);
  ReloadRule RuleOf(const Meaning& meaning) const;
  std::string PathOf(absl::string_view key) const;
  std::string DocumentedPathOf(absl::string_view key) const;

  ConfigReader& reader_;
  const Place place_;
  const nlohmann::json* object_;
  std::vector<std::string> known_;
};

// Parses the text of a file as JSON; // and /* */ comments are allowed. INVALID_ARGUMENT names the
// file and the place, and shows nothing of the text.
absl::StatusOr<nlohmann::json> ParseJson(const std::string& file, absl::string_view text);

// For settings of an integer type other than int64_t.
template <typename Integer>
void ReadInteger(ConfigReader::Section& section, absl::string_view key, const Meaning& meaning,
                 Integer& value, int64_t minimum, int64_t maximum) {
  auto wide = static_cast<int64_t>(value);
  section.Read(key, meaning, wide, minimum, maximum);
  value = static_cast<Integer>(wide);
}

}  // namespace gateway

#endif  // SERVICE_CONFIG_CONFIG_READER_H_
