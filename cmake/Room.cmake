# gateway_room(NAME SOURCES file... [PUBLIC lib...] [PRIVATE lib...] [PRECOMPILED name]): one folder as one library. What
# a room may use is what stands behind PUBLIC and PRIVATE: rooms link downwards only, so a circle of includes does not
# link. PRECOMPILED: headers of gateway_precompile(name).
function(gateway_room name)
  cmake_parse_arguments(ROOM "" "PRECOMPILED" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${ROOM_SOURCES})
  target_link_libraries(${name} PUBLIC ${ROOM_PUBLIC} PRIVATE gateway_options ${ROOM_PRIVATE})
  if(ROOM_PRECOMPILED)
    gateway_use_precompiled(${name} ${ROOM_PRECOMPILED})
  endif()
endfunction()
