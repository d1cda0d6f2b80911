// Positions of the columns in a row of each table: AudioStreamColumn::kRoundTrip ...
#pragma once

#include "simulate/internal/tables.h"

namespace cqd::simulate {

#define CQD_QOE_POSITION_(name, type) k##name,
#define CQD_QOE_STRUCT_(name, text, columns, keys)    \
  struct name##Column {                               \
    enum : int { columns(CQD_QOE_POSITION_) kCount }; \
  };
CQD_QOE_TABLES(CQD_QOE_STRUCT_)
#undef CQD_QOE_STRUCT_
#undef CQD_QOE_POSITION_

}  // namespace cqd::simulate
