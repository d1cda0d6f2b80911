// Any bytes as a template file: a tree within the limits or an error, never a crash. A tree that
// was read is written and read again as the same one. Links: repository
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "repository/item.h"
#include "repository/template_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace repository = cqd::repository;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)repository::CheckNewItem({std::string(text), std::string(repository::kJsonType)}).ok();
  (void)repository::TitleOf(text);
  auto tree = repository::ReadTemplate(text);
  if (!tree.ok()) return 0;
  CQD_CHECK(tree->items.size() <= repository::kItemsPerUserMax);
  // Written, an item that stood at two places becomes two.
  for (std::size_t i = 0; i < tree->items.size(); ++i) {
    CQD_CHECK(i == 0 || tree->items[i].parent < i);
    tree->items[i].id = static_cast<std::int64_t>(i);
  }
  const std::string written = repository::WriteTemplate(tree->items);
  const auto again = repository::ReadTemplate(written);
  CQD_CHECK(again.ok() && again->items.size() == tree->items.size());
  CQD_CHECK(repository::WriteTemplate(again->items) == written);
  return 0;
}
