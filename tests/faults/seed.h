// Reproducible randomness: every choice is a function of a printed seed and of numbers that do not
// depend on time.
//
// Pure functions, except that they read the environment and Seed() is random by default.
#ifndef TESTS_FAULTS_SEED_H_
#define TESTS_FAULTS_SEED_H_

#include <cstdint>
#include <cstdlib>
#include <random>

#include "absl/strings/numbers.h"

namespace gateway::faults {

// Returns the environment variable's value if it is a number, else `otherwise`.
inline uint64_t NumberFromEnvironment(const char* name, uint64_t otherwise) {
  const char* const given = std::getenv(name);
  uint64_t value = 0;
  return given != nullptr && absl::SimpleAtoi(given, &value) ? value : otherwise;
}

// Returns FAULTS_SEED, or a new seed each time.
inline uint64_t Seed() { return NumberFromEnvironment("FAULTS_SEED", std::random_device()()); }

// splitmix64: the same on every platform and standard library.
inline uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// Pseudo-random numbers that depend only on a seed and a subject.
class Chance {
 public:
  Chance(uint64_t seed, uint64_t subject) : state_(Mix(Mix(seed) ^ subject)) {}

  // Returns a number below `end`, which must not be 0.
  uint64_t Below(uint64_t end) {
    state_ = Mix(state_);
    return state_ % end;
  }

 private:
  uint64_t state_;
};

}  // namespace gateway::faults

#endif  // TESTS_FAULTS_SEED_H_
