// Rate My Call answers: rating, tokens, and what kind of trouble the tokens mean.
#pragma once

#include <pugixml.hpp>

#include "source/report.h"

namespace cqd::source::internal {

/// Reads ReportingUserURI, Rating and Tokens of a CallQualityFeedbackReport. The published
/// description names the elements, not the form of a token: attributes, child elements and plain
/// text are all understood.
ReportedFeedback ReadFeedback(const pugi::xml_node& node);

}  // namespace cqd::source::internal
