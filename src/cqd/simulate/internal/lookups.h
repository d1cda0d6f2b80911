// The lookup tables of an organisation as rows.
#pragma once

#include "base/result.h"
#include "simulate/organisation.h"
#include "simulate/writer.h"

namespace cqd::simulate {

/// Writes every table that is not about calls. Errors: those of the sink.
Status WriteLookups(const Organisation& organisation, QoeSink& sink);

}  // namespace cqd::simulate
