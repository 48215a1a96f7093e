// Counts the heap allocations of a process by call site. The process loads this library:
//
//   COUNT_ALLOCATIONS=FILE LD_PRELOAD=build/count_allocations.so build/billing-gateway ...
//
// FILE is a table that another process can read at the same time. It has kPlaces rows; each row
// holds a key, a count and kFrames addresses, 8 bytes each. Unused values are 0. The addresses are
// return addresses, innermost first, starting at the code that requested the memory; frames of
// containers and strings of libstdc++ and Abseil are left out. allocations.py reads the file.
//
// Thread-safety: may be used from any thread, like malloc itself.
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <unwind.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

extern "C" {
// glibc's internal names. To look up the public ones with dlsym would allocate memory.
void* __libc_malloc(size_t size);                      // NOLINT(bugprone-reserved-identifier)
void* __libc_calloc(size_t count, size_t size);        // NOLINT(bugprone-reserved-identifier)
void* __libc_realloc(void* block, size_t size);        // NOLINT(bugprone-reserved-identifier)
void* __libc_memalign(size_t alignment, size_t size);  // NOLINT(bugprone-reserved-identifier)
}

namespace {

// Keep both equal to the values in allocations.py.
constexpr size_t kPlaces = 1 << 16;
constexpr size_t kFrames = 7;

struct Stack {
  std::array<uint64_t, kFrames> frames{};
  size_t size = 0;
};

struct Place {
  std::atomic<uint64_t> key;  // hash of the frames; 0: the row is free
  std::atomic<uint64_t> count;
  std::array<std::atomic<uint64_t>, kFrames> frames;
};

struct Range {
  uintptr_t begin;
  uintptr_t end;
};

Place* table = nullptr;
std::array<Range, 64> through{};  // code of libraries that allocate for their callers
size_t through_count = 0;

// initial-exec places the variable in the thread's initial memory; other thread_local models may
// allocate on first use.
__attribute__((tls_model("initial-exec"))) thread_local bool counting = false;

bool IsThrough(uintptr_t address) {
  for (size_t i = 0; i < through_count; ++i) {
    if (address >= through[i].begin && address < through[i].end) return true;
  }
  return false;
}

int AddLibrary(dl_phdr_info* library, size_t, void*) {
  bool asks_for_others = false;
  for (const char* name : {"libstdc++", "libabsl", "libc.so", "count_allocations"}) {
    asks_for_others = asks_for_others || strstr(library->dlpi_name, name) != nullptr;
  }
  if (!asks_for_others) return 0;
  for (size_t i = 0; i < library->dlpi_phnum && through_count < through.size(); ++i) {
    const auto& part = library->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0) continue;
    const uintptr_t begin = library->dlpi_addr + part.p_vaddr;
    through[through_count++] = {begin, begin + part.p_memsz};
  }
  return 0;
}

_Unwind_Reason_Code Look(_Unwind_Context* context, void* found) {
  auto& stack = *static_cast<Stack*>(found);
  const uintptr_t address = _Unwind_GetIP(context);
  if (stack.size == 0 && IsThrough(address)) return _URC_NO_REASON;
  stack.frames[stack.size++] = address;
  return stack.size == kFrames ? _URC_END_OF_STACK : _URC_NO_REASON;
}

void Add(const Stack& stack) {
  // The hash FNV-1a, over 64-bit words instead of bytes.
  uint64_t hash = 0xcbf29ce484222325U;
  for (const uint64_t frame : stack.frames) hash = (hash ^ frame) * 0x100000001b3U;
  for (size_t i = 0, at = hash >> 32; i < kPlaces; ++i) {
    Place& place = table[(at + i) % kPlaces];
    uint64_t there = place.key.load();
    if (there == 0 && place.key.compare_exchange_strong(there, hash)) {
      for (size_t k = 0; k < kFrames; ++k) place.frames[k] = stack.frames[k];
      there = hash;
    }
    if (there != hash) continue;
    ++place.count;
    return;
  }
}

void Count() {
  if (table == nullptr || counting) return;
  counting = true;
  Stack stack;
  _Unwind_Backtrace(Look, &stack);
  Add(stack);
  counting = false;
}

__attribute__((constructor)) void Begin() {
  const char* const name = getenv("COUNT_ALLOCATIONS");
  if (name == nullptr) return;
  const int file = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || ftruncate(file, kPlaces * sizeof(Place)) != 0) abort();
  void* const memory =
      mmap(nullptr, kPlaces * sizeof(Place), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) abort();
  close(file);
  dl_iterate_phdr(AddLibrary, nullptr);
  table = static_cast<Place*>(memory);
}

void* New(size_t size) {
  Count();
  void* const block = __libc_malloc(size == 0 ? 1 : size);
  if (block == nullptr) abort();
  return block;
}

void* New(size_t size, std::align_val_t alignment) {
  Count();
  void* const block = __libc_memalign(static_cast<size_t>(alignment), size);
  if (block == nullptr) abort();
  return block;
}

}  // namespace

extern "C" {

void* malloc(size_t size) {
  Count();
  return __libc_malloc(size);
}

void* calloc(size_t count, size_t size) {
  Count();
  return __libc_calloc(count, size);
}

void* realloc(void* block, size_t size) {
  Count();
  return __libc_realloc(block, size);
}

void* aligned_alloc(size_t alignment, size_t size) {
  Count();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void** block, size_t alignment, size_t size) {
  Count();
  void* const got = __libc_memalign(alignment, size);
  if (got == nullptr) return ENOMEM;
  *block = got;
  return 0;
}
}

// libstdc++'s operator delete calls free(), which frees this memory too.
void* operator new(size_t size) { return New(size); }
void* operator new[](size_t size) { return New(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return New(size); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return New(size); }
void* operator new(size_t size, std::align_val_t alignment) { return New(size, alignment); }
void* operator new[](size_t size, std::align_val_t alignment) { return New(size, alignment); }
