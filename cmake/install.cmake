# `cmake --install BUILD --prefix PREFIX`: the program, the portal where it looks for it (../share/opencqd/portal), the
# unit file with the program's path, documentation and what watches it.
include(GNUInstallDirs)
install(TARGETS cqd RUNTIME DESTINATION bin)
if(CQD_PORTAL)
  install(DIRECTORY ${CMAKE_BINARY_DIR}/portal/ DESTINATION share/opencqd/portal)
endif()
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md" PATTERN "openapi.json")
install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES packaging/prometheus/opencqd.rules.yml packaging/grafana/opencqd.json DESTINATION share/opencqd/monitoring)
# The prefix is known only when it is installed.
install(CODE "
  file(READ \"${CMAKE_SOURCE_DIR}/packaging/opencqd.service\" unit)
  string(REPLACE \"/usr/local/bin\" \"\${CMAKE_INSTALL_PREFIX}/bin\" unit \"\${unit}\")
  set(to \"\${CMAKE_INSTALL_PREFIX}/lib/systemd/system/opencqd.service\")
  message(STATUS \"Installing: \$ENV{DESTDIR}\${to}\")
  file(WRITE \"\$ENV{DESTDIR}\${to}\" \"\${unit}\")")
