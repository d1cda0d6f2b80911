# Warnings are errors everywhere: in our own code there is no such thing as a harmless one.
add_library(cqd_warnings INTERFACE)
target_compile_options(cqd_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align
  -Wimplicit-fallthrough -Wunused -Wformat=2 -Wswitch -Werror
  # A designated initializer that leaves members at their defaults is what we want to write.
  -Wno-missing-field-initializers)
