// An archive and a cube over it for tests, in a folder that goes away.
#pragma once

#include <gtest/gtest.h>

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "archive/archive.h"
#include "archive/sql.h"
#include "base/clock.h"
#include "cube/cube.h"
#include "cube/internal/test_rows.h"
#include "file/temporary_folder.h"

namespace cqd::cube::testing {

/// What a test of cubes on disk stands on. Its clock stands at `now` until the test moves it.
class CubeInFolder {
 protected:
  /// `seed` is printed.
  CubeInFolder(unsigned seed, UtcTime now) : random_(seed), clock_(now) {
    std::cout << "seed " << seed << "\n" << std::flush;
    options_.folder = folder_.Path("cube");
  }

  void OpenArchive() {
    auto archive = archive::Archive::Open({.folder = folder_.Path("archive")}, clock_);
    ASSERT_TRUE(archive.ok()) << archive.error().ToString();
    archive_ = *std::move(archive);
    source_ = *archive_->RegisterSource("test", "test");
  }
  void OpenCube() {
    cube_.reset();
    auto cube = Cube::Open(options_, *archive_, clock_);
    ASSERT_TRUE(cube.ok()) << cube.error().ToString();
    cube_ = *std::move(cube);
  }

  std::vector<model::StreamRow> Session(std::int64_t seq, Month month) {
    const UtcTime time = month.begin() + std::chrono::minutes(seq % 40'000);
    return RandomSession(random_, archive_->interner(), source_, seq, time);
  }
  /// Writes sessions with the numbers [first, first + count) to a month; known ones are updated.
  void Write(std::int64_t first, std::int64_t count, Month month) {
    auto writer = archive_->BeginWrite();
    ASSERT_TRUE(writer.ok()) << writer.error().ToString();
    for (std::int64_t seq = first; seq < first + count; ++seq) {
      ASSERT_TRUE((*writer)->Upsert(Session(seq, month)).ok());
    }
    ASSERT_TRUE((*writer)->Commit(source_, std::to_string(first)).ok());
  }
  void RunSql(const std::string& sql) {
    auto connection = archive::OpenForSql(folder_.Path("archive"), {.write_customer_tables = true});
    ASSERT_TRUE(connection.ok()) << connection.error().ToString();
    const Status status = connection->database.Execute(sql);
    ASSERT_TRUE(status.ok()) << status.error().ToString();
  }

  Random random_;
  file::TemporaryFolder folder_;
  SimulatedClock clock_;
  CubeOptions options_;
  std::unique_ptr<archive::Archive> archive_;
  model::SourceId source_;
  std::unique_ptr<Cube> cube_;
};

}  // namespace cqd::cube::testing
