// The classifier's limits in a request, and what a stream's facts become by them.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "model/classifier.h"

namespace cqd::cube {

/// "WhatIf" of a query's body: limits by medium and metric, the others as published. nullopt when
/// it is missing or null. Errors: kInvalidArgument with the field ("WhatIf.Audio.RoundTrip"), the
/// allowed range and the names there are.
Result<std::optional<model::Classifier>> ReadWhatIf(const boost::json::object& body);

/// {"Audio":{"DegradationAvg":1,...},...}: all limits. Source of the shape: docs/openapi.json,
/// Thresholds.
std::string ThresholdsJson(const model::Classifier& classifier);
/// ["Audio.RoundTrip",...]: limits that are not the published ones.
std::string ChangedLimitsJson(const model::Classifier& classifier);

/// What other limits say of a stream, in bits: two of the class (0: as stored, no metric of the leg
/// is there), two of the class without concealment, one each for the reasons of its medium.
using WhatIfState = std::uint16_t;
inline constexpr std::size_t kWhatIfStates = 512;
inline constexpr int kJpdrShift = 2, kDueShift = 4;
inline constexpr WhatIfState kClassBits = 3, kJpdrBits = 3U << kJpdrShift;

/// Place of a reason among those of its medium, for the bits from kDueShift.
int DueIndex(const model::MediumRule& rule, model::Fact due);
/// The facts bits that a state replaces.
model::Facts ReplacedFacts();
/// Of these, those that a state always says anew (classes can stay as stored).
model::Facts RenewedFacts();
/// `facts` as they are in `state`.
model::Facts WithState(model::Facts facts, WhatIfState state);

}  // namespace cqd::cube
