// Promise: every reason of the quarantine is explained to the people who must do something about
// it, in the program and in the operations guide.
#include "model/repair.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

namespace cqd::model {
namespace {

TEST(RejectReasons, EachHasAMeaningAnActionAndAPlaceInTheGuide) {
  std::ifstream file(std::string(CQD_SOURCE_DIR) + "/docs/operations.md");
  std::stringstream guide;
  guide << file.rdbuf();
  int expected = 0;
  for (const RejectReasonText& text : RejectReasonTexts()) {
    EXPECT_EQ(static_cast<int>(text.reason), expected++) << "one text a reason, in their order";
    const std::string name(RejectReasonName(text.reason));
    EXPECT_EQ(ParseRejectReason(name), text.reason);
    EXPECT_FALSE(text.meaning.empty());
    EXPECT_FALSE(text.action.empty());
    EXPECT_THAT(guide.str(), testing::HasSubstr("<a id=\"" + name + "\"></a>"));
  }
  EXPECT_EQ(static_cast<int>(RejectReason::kTooLarge), expected - 1) << "the last one";
  EXPECT_EQ(ParseRejectReason("unknown"), std::nullopt);
}

}  // namespace
}  // namespace cqd::model
