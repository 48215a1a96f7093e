# gateway_precompile(NAME HEADERS header... LIBRARIES lib...): headers that many sources include, read once for all of
# them. A target uses them by gateway_use_precompiled(TARGET NAME); it must be compiled with the same options.
#
# With them GCC 12 no longer knows the standard library's headers for its own, and warns of its strings where nothing is
# wrong.
function(gateway_precompile name)
  cmake_parse_arguments(PRECOMPILE "" "" "HEADERS;LIBRARIES" ${ARGN})
  file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cc CONTENT "")
  add_library(${name} OBJECT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cc)
  target_link_libraries(${name} PRIVATE ${PRECOMPILE_LIBRARIES} gateway_precompiled_options gateway_options)
  target_precompile_headers(${name} PRIVATE ${PRECOMPILE_HEADERS})
endfunction()

function(gateway_use_precompiled target name)
  target_link_libraries(${target} PRIVATE gateway_precompiled_options)
  target_precompile_headers(${target} REUSE_FROM ${name})
endfunction()

add_library(gateway_precompiled_options INTERFACE)
target_compile_options(gateway_precompiled_options INTERFACE
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread>)
