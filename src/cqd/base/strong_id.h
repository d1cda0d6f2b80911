// Identifiers that cannot be mixed up: each tag makes a type of its own.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace cqd {

/// An integer identifier of the kind `Tag`. Compares and hashes; does not add.
template <typename Tag, typename Int = std::int64_t>
struct StrongId {
  Int value = 0;
  constexpr StrongId() = default;
  constexpr explicit StrongId(Int v) : value(v) {}
  constexpr auto operator<=>(const StrongId&) const = default;
};

}  // namespace cqd

template <typename Tag, typename Int>
struct std::hash<cqd::StrongId<Tag, Int>> {
  std::size_t operator()(const cqd::StrongId<Tag, Int>& id) const noexcept {
    return std::hash<Int>{}(id.value);
  }
};
