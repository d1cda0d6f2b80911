// The reports everybody begins with. Source: reference/cube-model.md 5.
#pragma once

#include <string>
#include <vector>

namespace cqd::repository {

/// One item of the system user.
struct SystemItem {
  std::string key;     ///< stays the same from version to version; so the item keeps its id
  std::string parent;  ///< key; empty for the default item
  std::string content;
};

/// Every report set and report, parents first, children in their order. Pure; some microseconds.
std::vector<SystemItem> SystemItems();

/// What holds for a user who has not chosen: key and value.
/// Source: reference/repository-api.md 3.4; values as the portal's menu shows them before anybody
/// touched it (reference/screens/4).
std::vector<std::pair<std::string, std::string>> GlobalSettings();

}  // namespace cqd::repository
