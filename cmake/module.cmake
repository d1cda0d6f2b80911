# One folder = one target = one namespace.
#
# cqd_module([LIBRARIES lib...] [TEST_LIBRARIES lib...]) makes of the folder it is called in
#   - the static library cqd_<folder> of all *.cc here and in internal/, and
#   - the test program <folder>_test of all *_test.cc, registered with CTest.
# Which other folders it links comes from cmake/layers.txt alone.

file(STRINGS ${CMAKE_SOURCE_DIR}/cmake/layers.txt CQD_LAYER_LINES REGEX "^[a-z]+:")
set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  ${CMAKE_SOURCE_DIR}/cmake/layers.txt)

function(cqd_layer_of folder out)
  foreach(line IN LISTS CQD_LAYER_LINES)
    if(line MATCHES "^${folder}:[ ]*(.*)$")
      string(REPLACE " " ";" names "${CMAKE_MATCH_1}")
      list(TRANSFORM names PREPEND cqd_)
      set(${out} "${names}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "src/cqd/${folder} has no line in cmake/layers.txt")
endfunction()

function(cqd_module)
  cmake_parse_arguments(ARG "" "" "LIBRARIES;TEST_LIBRARIES" ${ARGN})
  get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  file(GLOB sources CONFIGURE_DEPENDS *.cc internal/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")

  cqd_layer_of(${folder} layers)
  if(sources)
    add_library(cqd_${folder} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(cqd_${folder} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(cqd_${folder} ${scope} ${CMAKE_SOURCE_DIR}/src/cqd)
  target_link_libraries(cqd_${folder} ${scope} ${layers} ${ARG_LIBRARIES})
  if(sources)
    target_link_libraries(cqd_${folder} PRIVATE cqd_warnings)
  endif()

  if(tests AND CQD_TESTS)
    add_executable(${folder}_test ${tests})
    target_compile_definitions(${folder}_test PRIVATE CQD_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    target_link_libraries(${folder}_test PRIVATE cqd_${folder} cqd_warnings cqd_test_main
      ${ARG_TEST_LIBRARIES})
    target_include_directories(${folder}_test PRIVATE ${CMAKE_SOURCE_DIR}/tests)  # "support/..."
    add_test(NAME ${folder} COMMAND ${folder}_test)
    set_tests_properties(${folder} PROPERTIES ENVIRONMENT "${CQD_TEST_ENVIRONMENT}" TIMEOUT 900)
  endif()
endfunction()
