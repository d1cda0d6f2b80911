// Promise: docs/registry.md is the registry. Run with CQD_UPDATE_DOCS=1 to write it anew.
#include "model/describe.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "model/registry.h"

namespace cqd::model {
namespace {

TEST(DescribeRegistry, NamesEverything) {
  const std::string text = DescribeRegistryMarkdown();
  for (const Attribute& attribute : Attributes()) {
    EXPECT_NE(text.find("`" + attribute.data_model_name + "`"), std::string::npos);
  }
  for (const Measure& measure : Measures()) {
    EXPECT_NE(text.find("`" + measure.data_model_name + "`"), std::string::npos);
  }
}

TEST(DescribeRegistry, DocumentIsUpToDate) {
  const std::string path = std::string(CQD_SOURCE_DIR) + "/docs/registry.md";
  if (const char* const update = std::getenv("CQD_UPDATE_DOCS");
      update != nullptr && std::string_view(update) == "1") {
    std::ofstream(path, std::ios::binary) << DescribeRegistryMarkdown();
  }
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file.is_open()) << path;
  std::ostringstream content;
  content << file.rdbuf();
  EXPECT_TRUE(content.str() == DescribeRegistryMarkdown())
      << "docs/registry.md is stale: run model_test with CQD_UPDATE_DOCS=1";
}

}  // namespace
}  // namespace cqd::model
