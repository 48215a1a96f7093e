// Runs a fuzz target without libFuzzer: every file of a corpus, then COUNT mutated copies in total,
// taken from the files in turn. The mutations are the same in every run.
//
//   webhook_fuzz CORPUS_DIR COUNT
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

void Run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

// Makes mutations that typically break parsers: flipped bits, cut ends, repeated and missing parts,
// parts of other inputs, and JSON's special characters.
class Mutator {
 public:
  explicit Mutator(const std::vector<std::string>& corpus) : corpus_(corpus) {}

  std::string Change(std::string input) {
    const size_t times = 1 + Below(4);
    for (size_t i = 0; i < times && !input.empty(); ++i) ChangeOnce(input);
    return input;
  }

 private:
  size_t Below(size_t limit) { return static_cast<size_t>(random_()) % limit; }

  void ChangeOnce(std::string& input) {
    constexpr char kSyntax[] = "{}[]\",:\\0-.eutn \x01\x80\xff";
    const size_t at = Below(input.size());
    const size_t length = 1 + Below(std::min<size_t>(input.size() - at, 16));
    switch (Below(6)) {
      case 0:
        input[at] = static_cast<char>(static_cast<unsigned char>(input[at]) ^ (1U << Below(8)));
        break;
      case 1:
        input.resize(at);
        break;
      case 2:
        input.erase(at, length);
        break;
      case 3:
        input.insert(at, input.substr(at, length));
        break;
      case 4:
        input[at] = kSyntax[Below(sizeof(kSyntax) - 1)];
        break;
      default: {
        const std::string& other = corpus_[Below(corpus_.size())];
        input.insert(at, other.substr(Below(other.size() + 1)));
      }
    }
  }

  const std::vector<std::string>& corpus_;
  std::minstd_rand random_{1};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> corpus;
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  if (corpus.empty()) {
    std::fprintf(stderr, "%s: no corpus\n", argv[1]);
    return 1;
  }
  for (const std::string& input : corpus) Run(input);
  Mutator mutator(corpus);
  const size_t count = std::strtoull(argv[2], nullptr, 10);
  for (size_t i = 0; i < count; ++i) Run(mutator.Change(corpus[i % corpus.size()]));
  std::printf("%zu inputs, and %zu changed ones\n", corpus.size(), count);
  return 0;
}
