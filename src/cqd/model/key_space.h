// What a stream refers to by key. Everything else that is known of a stream (building, city, agent
// category, operating system, access point ...) is a function of such a key, resolved on the
// dictionary and never stored with the stream.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace cqd::model {

/// Which dictionary a key belongs to. The order is stored nowhere; the names are.
enum class KeySpace : std::uint8_t {
  kUser,        ///< text: URI (lower-case), detail: ""
  kUserAgent,   ///< text: agent string, detail: UAType as a decimal number, "" when unknown
  kEndpoint,    ///< text: machine name, detail: EndpointDetail (model/endpoint.h)
  kAddress,     ///< text: IPv4 or IPv6 address
  kSubnet,      ///< text: network address, detail: "" - or the endpoint's address with detail
                ///< "address" where a source knows no subnet: building lookup works, the Subnet
                ///< attribute is blank
  kMac,         ///< text: adapter address, dash-delimited lower-case
  kBssid,       ///< text: access point radio, dash-delimited lower-case
  kDevice,      ///< text: capture or render device name
  kDriver,      ///< text: device or Wi-Fi driver ("maker : version")
  kPool,        ///< text: FQDN
  kConference,  ///< text: conference URI; peer-to-peer dialogs have none
  kCodec,       ///< text: payload description
  kBandwidthSource,  ///< text: who imposed the bandwidth limit
  kConnection,       ///< text: network connection detail as reported (Wired, WiFi, Ethernet ...)
  kResolution,       ///< text: "640x480"
  kSharingType,      ///< text: role and content of application sharing
  kFeedbackTokens,   ///< text: "{Name:1; Name:0;}" by token id
  kWifiRadio,        ///< text: radio type ("802.11ac")
};
inline constexpr int kKeySpaceCount = 18;

/// Number of an entry in the dictionary of its space: 1, 2, 3 ... without gaps; 0 = no value.
/// Never reused and never changed, so archive rows and cube segments store it.
using KeyId = std::uint32_t;
inline constexpr KeyId kNoKey = 0;

/// Name of a space's table and column stem ("user_agent"): stored, so stable.
std::string_view KeySpaceName(KeySpace space);

/// One dictionary entry. (text, detail) is unique in its space.
struct KeyEntry {
  std::string_view text;
  std::string_view detail;
};

/// Longest text of a space in characters; longer ones are cut when they are interned.
/// Source: column sizes of reference/qoe-metrics-schema.md 4 (URI 450, names 256).
std::size_t KeyTextCharactersMax(KeySpace space);

/// Gives every (text, detail) a key, the same key for the same text for ever.
class KeyInterner {
 public:
  virtual ~KeyInterner() = default;
  /// Returns kNoKey for an empty text. Texts are cleaned to UTF-8 and cut to the space's size.
  /// Threads: one at a time. Cost: one hash lookup for a known text.
  virtual KeyId Intern(KeySpace space, std::string_view text, std::string_view detail = {}) = 0;
};

/// Reads dictionaries: the entries behind the keys.
class KeyReader {
 public:
  virtual ~KeyReader() = default;
  /// Greatest key given in `space`; keys 1..size are valid.
  virtual KeyId size(KeySpace space) const = 0;
  /// Threads: any, also while keys are added; the views live as long as the reader. Precondition: 1
  /// <= key <= size(space).
  virtual KeyEntry Entry(KeySpace space, KeyId key) const = 0;
};

}  // namespace cqd::model
