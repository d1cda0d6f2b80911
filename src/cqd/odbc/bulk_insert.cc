#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "odbc/internal/odbc_types.h"
#include "odbc/statement.h"

namespace cqd::odbc {

using internal::Number;

struct BulkInsert::State {
  /// One parameter of a block: values and indicators side by side, as the driver reads them.
  struct Parameter {
    ParameterType type;
    std::vector<SQLBIGINT> ints;
    std::vector<double> reals;
    std::vector<SQL_TIMESTAMP_STRUCT> times;
    std::vector<unsigned char> bits;
    std::vector<std::string> texts;
    std::vector<char> text_bytes;  ///< texts side by side in cells of equal width
    std::vector<SQLLEN> lengths;   ///< SQL_NULL_DATA: not set
  };

  Statement statement;
  int time_decimals;
  std::size_t rows_per_block;
  std::vector<Parameter> parameters;
  std::size_t rows = 0;
  SQLULEN rows_done = 0;

  Status Bind(std::size_t index);
  void Clear();
};

namespace {

SQLRETURN BindColumn(void* stmt, std::size_t index, SQLSMALLINT c_type, SQLSMALLINT sql_type,
                     SQLULEN size, SQLSMALLINT digits, void* values, SQLLEN width,
                     SQLLEN* lengths) {
  return SQLBindParameter(stmt, static_cast<SQLUSMALLINT>(index + 1), SQL_PARAM_INPUT, c_type,
                          sql_type, size, digits, values, width, lengths);
}

}  // namespace

Status BulkInsert::State::Bind(std::size_t index) {
  Parameter& p = parameters[index];
  SQLRETURN code = SQL_ERROR;
  switch (p.type) {
    case ParameterType::kInteger:
      code = BindColumn(statement.handle(), index, SQL_C_SBIGINT, SQL_BIGINT, 19, 0, p.ints.data(),
                        0, p.lengths.data());
      break;
    case ParameterType::kReal:
      code = BindColumn(statement.handle(), index, SQL_C_DOUBLE, SQL_DOUBLE, 53, 0, p.reals.data(),
                        0, p.lengths.data());
      break;
    case ParameterType::kBit:
      code = BindColumn(statement.handle(), index, SQL_C_BIT, SQL_BIT, 1, 0, p.bits.data(), 0,
                        p.lengths.data());
      break;
    case ParameterType::kTime:
      code =
          BindColumn(statement.handle(), index, SQL_C_TYPE_TIMESTAMP, SQL_TYPE_TIMESTAMP,
                     static_cast<SQLULEN>(20 + time_decimals),
                     static_cast<SQLSMALLINT>(time_decimals), p.times.data(), 0, p.lengths.data());
      break;
    case ParameterType::kText: {
      std::size_t width = 1;
      for (std::size_t row = 0; row < rows; ++row) width = std::max(width, p.texts[row].size() + 1);
      p.text_bytes.assign(width * rows_per_block, '\0');
      for (std::size_t row = 0; row < rows; ++row) {
        std::memcpy(p.text_bytes.data() + row * width, p.texts[row].data(), p.texts[row].size());
      }
      code = BindColumn(statement.handle(), index, SQL_C_CHAR, SQL_VARCHAR, width, 0,
                        p.text_bytes.data(), static_cast<SQLLEN>(width), p.lengths.data());
      break;
    }
  }
  if (!SQL_SUCCEEDED(code))
    return ErrorFrom(SQL_HANDLE_STMT, statement.handle(), "bind a parameter");
  return OkStatus();
}

void BulkInsert::State::Clear() {
  rows = 0;
  for (Parameter& p : parameters) std::fill(p.lengths.begin(), p.lengths.end(), SQL_NULL_DATA);
}

BulkInsert::BulkInsert(std::unique_ptr<State> state) : state_(std::move(state)) {}
BulkInsert::BulkInsert(BulkInsert&&) noexcept = default;
BulkInsert& BulkInsert::operator=(BulkInsert&&) noexcept = default;
BulkInsert::~BulkInsert() = default;

Result<BulkInsert> BulkInsert::Prepare(Connection& connection, std::string_view sql,
                                       std::span<const ParameterType> types,
                                       std::size_t rows_per_block) {
  CQD_CHECK(rows_per_block >= 1);
  CQD_ASSIGN_OR_RETURN(Statement statement, Statement::Create(connection));
  CQD_RETURN_IF_ERROR(statement.Prepare(sql));
  const int decimals = std::min(connection.traits().time_decimals, 6);
  auto state = std::make_unique<State>(State{.statement = std::move(statement),
                                             .time_decimals = decimals,
                                             .rows_per_block = rows_per_block,
                                             .parameters = {}});
  for (const ParameterType type : types) {
    State::Parameter p{.type = type,
                       .ints = {},
                       .reals = {},
                       .times = {},
                       .bits = {},
                       .texts = {},
                       .text_bytes = {},
                       .lengths = std::vector<SQLLEN>(rows_per_block, SQL_NULL_DATA)};
    switch (type) {
      case ParameterType::kInteger:
        p.ints.resize(rows_per_block);
        break;
      case ParameterType::kReal:
        p.reals.resize(rows_per_block);
        break;
      case ParameterType::kTime:
        p.times.resize(rows_per_block);
        break;
      case ParameterType::kBit:
        p.bits.resize(rows_per_block);
        break;
      case ParameterType::kText:
        p.texts.resize(rows_per_block);
        break;
    }
    state->parameters.push_back(std::move(p));
  }
  SQLSetStmtAttr(state->statement.handle(), SQL_ATTR_PARAM_BIND_TYPE,
                 Number(SQL_PARAM_BIND_BY_COLUMN), 0);
  SQLSetStmtAttr(state->statement.handle(), SQL_ATTR_PARAMS_PROCESSED_PTR, &state->rows_done, 0);
  return BulkInsert(std::move(state));
}

void BulkInsert::SetInt(std::size_t parameter, std::int64_t value) {
  State::Parameter& p = state_->parameters[parameter];
  if (p.type == ParameterType::kBit) {
    p.bits[state_->rows] = value != 0 ? 1 : 0;
    p.lengths[state_->rows] = sizeof(unsigned char);
    return;
  }
  CQD_CHECK(p.type == ParameterType::kInteger);
  p.ints[state_->rows] = value;
  p.lengths[state_->rows] = sizeof(SQLBIGINT);
}

void BulkInsert::SetReal(std::size_t parameter, double value) {
  State::Parameter& p = state_->parameters[parameter];
  CQD_CHECK(p.type == ParameterType::kReal);
  p.reals[state_->rows] = value;
  p.lengths[state_->rows] = sizeof(double);
}

void BulkInsert::SetText(std::size_t parameter, std::string_view value) {
  State::Parameter& p = state_->parameters[parameter];
  CQD_CHECK(p.type == ParameterType::kText);
  p.texts[state_->rows] = value;
  p.lengths[state_->rows] = static_cast<SQLLEN>(value.size());
}

void BulkInsert::SetTime(std::size_t parameter, UtcTime value) {
  State::Parameter& p = state_->parameters[parameter];
  CQD_CHECK(p.type == ParameterType::kTime);
  p.times[state_->rows] = internal::FromUtc(value, state_->time_decimals);
  p.lengths[state_->rows] = sizeof(SQL_TIMESTAMP_STRUCT);
}

Status BulkInsert::EndRow() {
  ++state_->rows;
  return state_->rows == state_->rows_per_block ? Flush() : OkStatus();
}

Status BulkInsert::Flush() {
  if (state_->rows == 0) return OkStatus();
  SQLSetStmtAttr(state_->statement.handle(), SQL_ATTR_PARAMSET_SIZE, Number(state_->rows), 0);
  for (std::size_t i = 0; i < state_->parameters.size(); ++i) CQD_RETURN_IF_ERROR(state_->Bind(i));
  Status status = state_->statement.RunPrepared();
  if (status.ok() && state_->rows_done != 0 && state_->rows_done < state_->rows) {
    status = Fail(ErrorCode::kInternal, "the driver inserted only part of a block");
  }
  state_->statement.Close();
  state_->Clear();
  return status;
}

}  // namespace cqd::odbc
