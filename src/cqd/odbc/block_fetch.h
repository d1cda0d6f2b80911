// Reads large results in blocks: column-wise arrays bound once (reference/performance-anchors.md,
// ODBC).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "odbc/statement.h"

namespace cqd::odbc {

/// As what a column is wanted. What the driver describes decides how it is bound: a number that a
/// database stores as text is read as text and parsed here, because drivers turn what does not fit
/// into 0, NULL or today's date without a word (reference/performance-anchors.md, ODBC, traps 1 to
/// 3).
enum class FetchType : std::uint8_t {
  kInteger,  ///< 64 bits; reals are rounded, "t", "true" and bits are 1
  kReal,
  kText,  ///< UTF-8
  kTime,
};

struct FetchOptions {
  /// Rows a block, 1 to 100,000. More rows: more memory, no more speed.
  std::size_t rows_per_block = 1000;
  /// First size of a text cell in bytes; longer texts make it grow.
  std::size_t text_bytes = 512;
  /// Longer texts are cut here and counted in cut_texts().
  std::size_t text_bytes_max = std::size_t{1} << 20;
  int timeout_s = 0;  ///< for the server to answer; 0 = no limit
};

/// A result, block by block. Run may be called again and again with other SQL of the same columns;
/// buffers and bindings are kept. Threads: one at a time, Cancel from any.
///
/// A text longer than its buffer makes the reader grow the buffer and run the SQL again up to the
/// same row; therefore SQL with text columns must have a total ORDER BY.
class BlockReader {
 public:
  static Result<BlockReader> Create(Connection& connection, std::span<const FetchType> columns,
                                    const FetchOptions& options = {});
  BlockReader(BlockReader&&) noexcept;
  BlockReader& operator=(BlockReader&&) noexcept;
  ~BlockReader();

  /// Starts `sql`, whose result must have as many columns as were given to Create.
  /// Errors: as ErrorFrom, kInvalidArgument (number of columns).
  Status Run(std::string_view sql);
  /// Fetches the next block: its number of rows, 0 at the end.
  Result<std::size_t> Next();
  /// Ends the result early.
  void Close();
  void Cancel();

  /// Cells of the current block; rows and columns count from 0. Precondition: !IsNull.
  bool IsNull(std::size_t column, std::size_t row) const;
  std::int64_t Int(std::size_t column, std::size_t row) const;
  double Real(std::size_t column, std::size_t row) const;
  UtcTime Time(std::size_t column, std::size_t row) const;
  /// Valid until the next call of Next, Run or Close.
  std::string_view Text(std::size_t column, std::size_t row) const;

  /// Cells that could not be read as what was asked for since Create; they are null.
  std::int64_t unreadable_cells() const;
  std::int64_t cut_texts() const;
  std::size_t buffer_bytes() const;

 private:
  struct State;
  explicit BlockReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cqd::odbc
