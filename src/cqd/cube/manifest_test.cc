#include "cube/internal/manifest.h"

#include <gtest/gtest.h>

#include "file/temporary_folder.h"

namespace cqd::cube {
namespace {

Manifest Sample() {
  Manifest manifest;
  manifest.data_version = 12;
  manifest.published_at = FromMicros(1'425'200'000'000'001);
  manifest.zone = "Europe/Paris";
  manifest.definition = 0xfedc'ba98'7654'3210;
  manifest.customer_version = 3;
  manifest.subnet_count = 20'000;
  manifest.place_hash = 1;
  MonthEntry month;
  month.month = Month(2015, 3);
  month.incarnation = -5;
  month.position = archive::RowId(70);
  month.masks_file = "2015-03.12.mask";
  month.segments = {
      {"2015-03.9-0.0.seg", 60, 0xffff'ffff'ffff'ffff, {archive::RowId(0), archive::RowId(65)}}};
  manifest.months = {month};
  return manifest;
}

TEST(Manifest, ReadsBackAsWritten) {
  const auto back = ParseManifest(FormatManifest(Sample()));
  ASSERT_TRUE(back.ok()) << back.error().ToString();
  EXPECT_EQ(*back, Sample());
  EXPECT_EQ(*ParseManifest(FormatManifest({})), Manifest());
}

TEST(Manifest, AnyChangedByteAndAnyCutIsFound) {
  const std::string good = FormatManifest(Sample());
  for (std::size_t place = 0; place < good.size(); ++place) {
    std::string bad = good;
    bad[place] = static_cast<char>(bad[place] ^ 1);
    ASSERT_EQ(ParseManifest(bad).error().code, ErrorCode::kCorruption) << place;
    ASSERT_EQ(ParseManifest(good.substr(0, place)).error().code, ErrorCode::kCorruption) << place;
  }
}

TEST(Manifest, MissingFileIsNotDamage) {
  const file::TemporaryFolder folder;
  EXPECT_EQ(ReadManifest(folder.Path("manifest.json")).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace cqd::cube
