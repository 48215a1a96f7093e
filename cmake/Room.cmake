# gateway_room(NAME SOURCES file... [PUBLIC lib...] [PRIVATE lib...]): one folder as one library. What a room may use is
# what stands behind PUBLIC and PRIVATE: rooms link downwards only, so a circle of includes does not link.
function(gateway_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${ROOM_SOURCES})
  target_link_libraries(${name} PUBLIC ${ROOM_PUBLIC} PRIVATE gateway_options ${ROOM_PRIVATE})
endfunction()
