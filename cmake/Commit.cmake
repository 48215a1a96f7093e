# Writes a source file with the commit that is built, where it is another one than before: so that a build of the same
# commit compiles nothing. Run by a target of service/CMakeLists.txt, with SOURCE_DIR, OUTPUT and COMMIT (empty: ask git).
if(NOT COMMIT)
  execute_process(COMMAND git -C ${SOURCE_DIR} describe --always --abbrev=12 --exclude=* --dirty
    OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT COMMIT)
  set(COMMIT unknown)  # sources without their history
endif()
set(text "extern const char gateway_commit[];\nconst char gateway_commit[] = \"${COMMIT}\";\n")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} before)
endif()
if(NOT "${before}" STREQUAL "${text}")
  file(WRITE ${OUTPUT} "${text}")
endif()
