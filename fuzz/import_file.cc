// Files with customer tables: no bytes may crash an import or pass half of a file.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "archive/import.h"
#include "base/check.h"
#include "file/temporary_folder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const cqd::file::TemporaryFolder folder;
  static auto& main = *new cqd::sqlite::Database(*cqd::archive::OpenForImport(folder.path()));
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const cqd::archive::ImportOptions options{.dry_run = true, .now = {}};
  for (const auto import : {cqd::archive::ImportBuildings, cqd::archive::ImportNetworks,
                            cqd::archive::ImportBssids, cqd::archive::ImportNetworkNames}) {
    const auto report = import(main, text, options);
    CQD_CHECK(!report.ok() || !report->applied);
    CQD_CHECK(report.ok() || report.error().code == cqd::ErrorCode::kInvalidArgument);
    CQD_CHECK(!main.in_transaction());
  }
  return 0;
}
