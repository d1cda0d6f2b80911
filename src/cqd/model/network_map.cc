#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <unordered_map>

#include "base/text.h"
#include "model/mapping.h"

namespace cqd::model {
namespace {

/// An address in network byte order: 4 bytes (IPv4) or 16 (IPv6), the rest zero.
struct Address {
  std::array<unsigned char, 16> bytes{};
  int bits = 0;  ///< 32 or 128
};

constexpr std::array<unsigned char, 12> kMappedIpv4Prefix = {0, 0, 0, 0, 0,    0,
                                                             0, 0, 0, 0, 0xff, 0xff};

/// IPv4 in dotted form or IPv6; a zone ("fe80::1%4") is ignored; an IPv4 address written as IPv6
/// (::ffff:10.0.0.1, RFC 4291 2.5.5.2) is the IPv4 address.
std::optional<Address> ParseAddress(std::string_view text) {
  text = Trim(text);
  text = text.substr(0, text.find('%'));
  if (text.empty() || text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
  const std::string terminated(text);
  Address address;
  if (inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1) {
    address.bits = 32;
    return address;
  }
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) != 1) return std::nullopt;
  address.bits = 128;
  if (std::equal(kMappedIpv4Prefix.begin(), kMappedIpv4Prefix.end(), address.bytes.begin())) {
    Address ipv4;
    std::copy_n(address.bytes.begin() + kMappedIpv4Prefix.size(), 4, ipv4.bytes.begin());
    ipv4.bits = 32;
    return ipv4;
  }
  return address;
}

/// The leading `prefix_bits` of the address as a map key.
std::string PrefixKey(const Address& address, int prefix_bits) {
  std::string key(static_cast<std::size_t>(address.bits / 8), '\0');
  const auto whole = static_cast<std::size_t>(prefix_bits / 8);
  std::memcpy(key.data(), address.bytes.data(), whole);
  if (const int rest = prefix_bits % 8; rest != 0) {
    const unsigned mask = (0xff00U >> rest) & 0xffU;
    key[whole] = static_cast<char>(address.bytes[whole] & mask);
  }
  return key;
}

using PrefixTable = std::unordered_map<std::string, std::size_t>;

}  // namespace

struct NetworkMap::Tables {
  std::array<PrefixTable, 33> ipv4;
  std::array<PrefixTable, 129> ipv6;

  PrefixTable& Of(int address_bits, int prefix_bits) {
    const auto index = static_cast<std::size_t>(prefix_bits);
    return address_bits == 32 ? ipv4[index] : ipv6[index];
  }
};

NetworkMap::NetworkMap() : tables_(std::make_unique<Tables>()) {}
NetworkMap::NetworkMap(NetworkMap&&) noexcept = default;
NetworkMap& NetworkMap::operator=(NetworkMap&&) noexcept = default;
NetworkMap::~NetworkMap() = default;

bool NetworkMap::Add(std::string_view address, int prefix_bits, std::size_t index) {
  const std::optional<Address> parsed = ParseAddress(address);
  if (!parsed.has_value() || prefix_bits < 0 || prefix_bits > parsed->bits) return false;
  tables_->Of(parsed->bits, prefix_bits)[PrefixKey(*parsed, prefix_bits)] = index;
  return true;
}

std::optional<std::size_t> NetworkMap::FindOrAdd(std::string_view address, int prefix_bits,
                                                 std::size_t index) {
  const std::optional<Address> parsed = ParseAddress(address);
  if (!parsed.has_value() || prefix_bits < 0 || prefix_bits > parsed->bits) return std::nullopt;
  PrefixTable& table = tables_->Of(parsed->bits, prefix_bits);
  return table.try_emplace(PrefixKey(*parsed, prefix_bits), index).first->second;
}

std::vector<std::size_t> NetworkMap::FindAll(std::string_view address) const {
  std::vector<std::size_t> found;
  const std::optional<Address> parsed = ParseAddress(address);
  if (!parsed.has_value()) return found;
  for (int prefix_bits = parsed->bits; prefix_bits >= 0; --prefix_bits) {
    const PrefixTable& table = tables_->Of(parsed->bits, prefix_bits);
    if (table.empty()) continue;
    const auto at = table.find(PrefixKey(*parsed, prefix_bits));
    if (at != table.end()) found.push_back(at->second);
  }
  return found;
}

std::optional<std::size_t> NetworkMap::Find(std::string_view address) const {
  const std::optional<Address> parsed = ParseAddress(address);
  if (!parsed.has_value()) return std::nullopt;
  for (int prefix_bits = parsed->bits; prefix_bits >= 0; --prefix_bits) {
    const PrefixTable& table = tables_->Of(parsed->bits, prefix_bits);
    if (table.empty()) continue;
    if (const auto found = table.find(PrefixKey(*parsed, prefix_bits)); found != table.end()) {
      return found->second;
    }
  }
  return std::nullopt;
}

}  // namespace cqd::model
