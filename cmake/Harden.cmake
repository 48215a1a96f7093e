# What makes a slip in the gateway's own memory end the process instead of being of use to somebody. Included by the
# folders whose code goes into the programs; tests/service/hardening_test reads the result from the ELF file.
#
# Sanitizers bring checks of their own, which _FORTIFY_SOURCE would hide from. There is no CFI: GCC has none, and
# Clang's needs link-time optimization of everything that is called virtually, Debian's libraries included.
add_compile_options(-fPIE -fstack-protector-strong -fstack-clash-protection)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  add_compile_options(-fcf-protection)
endif()
# The standard library checks the indices and iterators that it is given. Debug has them by itself.
add_compile_options($<$<CONFIG:RelWithDebInfo,Release,MinSizeRel>:-D_GLIBCXX_ASSERTIONS>)
if(NOT GATEWAY_SANITIZE)
  # 3: also where the size of the memory is known only when the program runs. Some systems' compilers define it themselves.
  add_compile_options("$<$<CONFIG:RelWithDebInfo,Release,MinSizeRel>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=3>")
endif()
add_link_options(-pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
