// Randomness that can be replayed: what is done is a function of a seed, which is printed, and of
// numbers that do not hang on time.
//
// Pure functions, but for the environment.
#ifndef TESTS_FAULTS_SEED_H_
#define TESTS_FAULTS_SEED_H_

#include <cstdint>
#include <cstdlib>
#include <random>

#include "absl/strings/numbers.h"

namespace gateway::faults {

// The environment's value of this name, where it is a number.
inline uint64_t NumberFromEnvironment(const char* name, uint64_t otherwise) {
  const char* const given = std::getenv(name);
  uint64_t value = 0;
  return given != nullptr && absl::SimpleAtoi(given, &value) ? value : otherwise;
}

// FAULTS_SEED, or another one each time.
inline uint64_t Seed() { return NumberFromEnvironment("FAULTS_SEED", std::random_device()()); }

// splitmix64: the same everywhere, whatever the library.
inline uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// Numbers that follow from a seed and from what they are for.
class Chance {
 public:
  Chance(uint64_t seed, uint64_t subject) : state_(Mix(Mix(seed) ^ subject)) {}

  // Below `end`, which is not 0.
  uint64_t Below(uint64_t end) {
    state_ = Mix(state_);
    return state_ % end;
  }

 private:
  uint64_t state_;
};

}  // namespace gateway::faults

#endif  // TESTS_FAULTS_SEED_H_
