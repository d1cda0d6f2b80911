#include "server/command_line.h"

int main(int argc, char** argv) {
  return cqd::server::Main(argc, argv);
}
