#include "cube/internal/cube_segment.h"

#include <xxhash.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "file/mapped_file.h"
#include "model/registry.h"

namespace cqd::cube {
namespace {

constexpr std::string_view kRowIdColumn = "row_id";
/// Places of the rows in the order of their ids.
constexpr std::string_view kRowOrderColumn = "row_order";
constexpr std::string_view kAfter = "row_id_after";
constexpr std::string_view kUpTo = "row_id_up_to";
constexpr std::string_view kSessionTimeMax = "session_time_max";

std::vector<model::CubeColumn> MakeStoredColumns() {
  const auto in_use = model::ColumnsInUse();
  std::vector<model::CubeColumn> columns(in_use.begin(), in_use.end());
  columns.push_back(model::CubeColumn::kStartDay);  // the window
  columns.push_back(model::CubeColumn::kFacts);     // every count
  for (const auto inputs = model::PlaceInputs(); const model::CubeColumn column : inputs) {
    columns.push_back(column);  // DerivePlaces
  }
  columns.push_back(model::CubeColumn::kCall);  // what-if questions, with what follows
  columns.push_back(model::CubeColumn::kMediaType);
  columns.push_back(model::CubeColumn::kMediaLabel);
  for (const model::MediumRule& rule : model::MediumRules()) {
    for (const model::RuleStep& step : rule.steps) columns.push_back(model::AsColumn(step.field));
  }
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  return columns;
}

Error Damaged(std::string detail) {
  return Fail(ErrorCode::kCorruption, "a segment of the cube is damaged", std::move(detail));
}

}  // namespace

const std::vector<model::CubeColumn>& StoredColumns() {
  static const auto* const kColumns = new std::vector<model::CubeColumn>(MakeStoredColumns());
  return *kColumns;
}

std::uint64_t DefinitionHash() {
  std::string text = std::to_string(kDefinitionVersion);
  for (const model::CubeColumn column : StoredColumns()) {
    text += '\n';
    text += model::CubeColumnName(column);
  }
  return XXH3_64bits(text.data(), text.size());
}

CubeSegment::CubeSegment(std::shared_ptr<const column::Segment> data) : data_(std::move(data)) {}

Result<std::shared_ptr<const CubeSegment>> CubeSegment::Open(std::span<const std::byte> bytes,
                                                             std::shared_ptr<const void> owner) {
  CQD_ASSIGN_OR_RETURN(auto data, column::Segment::Open(bytes, std::move(owner)));
  std::shared_ptr<CubeSegment> segment(new CubeSegment(std::move(data)));
  segment->columns_.resize(model::kCubeColumnCount);
  for (const model::CubeColumn column : StoredColumns()) {
    const std::string_view name = model::CubeColumnName(column);
    const column::ColumnView* view = segment->data_->Find(name);
    if (view == nullptr) return Damaged("no column " + std::string(name));
    segment->columns_[static_cast<std::size_t>(column)] = view;
  }
  segment->row_ids_ = segment->data_->Find(kRowIdColumn);
  if (segment->row_ids_ == nullptr) return Damaged("no column row_id");
  segment->row_order_ = segment->data_->Find(kRowOrderColumn);
  if (segment->row_order_ == nullptr) return Damaged("no column row_order");
  const column::ColumnView& order = *segment->row_order_;
  if (order.min != 0 || order.max + 1 != static_cast<std::int64_t>(segment->row_count())) {
    return Damaged("places in row_order");
  }
  return std::shared_ptr<const CubeSegment>(std::move(segment));
}

Result<std::shared_ptr<const CubeSegment>> CubeSegment::OpenFile(const std::string& path) {
  CQD_ASSIGN_OR_RETURN(auto mapped, file::MappedFile::Open(path));
  auto owner = std::make_shared<const file::MappedFile>(std::move(mapped));
  const auto bytes = owner->bytes();
  auto segment = Open(bytes, std::move(owner));
  if (segment.ok()) return segment;
  Error error = std::move(segment).error();
  error.detail = path + ": " + error.detail;
  return error;
}

Result<std::shared_ptr<const CubeSegment>> CubeSegment::WithPatch(
    std::shared_ptr<const column::Segment> patch) const {
  if (patch->row_count() != row_count()) return Damaged("rows of a patch");
  std::shared_ptr<CubeSegment> patched(new CubeSegment(data_));
  patched->columns_ = columns_;
  patched->row_ids_ = row_ids_;
  patched->row_order_ = row_order_;
  for (const model::CubeColumn column : model::PlaceOutputs()) {
    const column::ColumnView* view = patch->Find(model::CubeColumnName(column));
    if (view == nullptr) return Damaged("columns of a patch");
    patched->columns_[static_cast<std::size_t>(column)] = view;
  }
  patched->patch_ = std::move(patch);
  return std::shared_ptr<const CubeSegment>(std::move(patched));
}

const column::ColumnView& CubeSegment::Column(model::CubeColumn column) const {
  const column::ColumnView* view = columns_[static_cast<std::size_t>(column)];
  CQD_CHECK(view != nullptr);
  return *view;
}

RowRange CubeSegment::range() const {
  return {archive::RowId(data_->Property(kAfter, 0)), archive::RowId(data_->Property(kUpTo, 0))};
}

UtcTime CubeSegment::session_time_max() const {
  return FromMicros(data_->Property(kSessionTimeMax, 0));
}

std::optional<std::size_t> CubeSegment::FindRow(archive::RowId id) const {
  const auto row_at = [this](std::size_t place) {
    return static_cast<std::size_t>(row_order_->At(place));
  };
  std::size_t low = 0, high = row_count();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (row_ids_->At(row_at(middle)) < id.value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == row_count() || row_ids_->At(row_at(low)) != id.value) return std::nullopt;
  return row_at(low);
}

const std::vector<model::Value>& CubeSegment::Distinct(model::CubeColumn column) const {
  const std::lock_guard lock(mutex_);
  const auto found = distinct_.find(column);
  if (found != distinct_.end()) return found->second;
  return distinct_.emplace(column, column::DistinctValues(Column(column))).first->second;
}

std::shared_ptr<const KeptTuples> CubeSegment::TuplesOf(
    model::CubeColumn first, std::optional<model::CubeColumn> second,
    const std::shared_ptr<MemoryBudget>& budget) const {
  const std::lock_guard lock(made_mutex_);
  const auto found = tuples_.find({first, second});
  if (found != tuples_.end()) return found->second;
  auto made = std::make_shared<KeptTuples>(
      KeptTuples{column::TuplesOf(Column(first), second ? &Column(*second) : nullptr), nullptr});
  const std::size_t bytes =
      made->tuples.codes.byte_count() + made->tuples.values.size() * sizeof(made->tuples.values[0]);
  made->lease = Lease::Take(budget, bytes);
  if (made->lease != nullptr) tuples_.emplace(std::pair(first, second), made);
  return made;
}

std::shared_ptr<const MemberCodes> CubeSegment::MembersIn(
    const column::ColumnView& from, int name, std::vector<std::uint32_t> code_of,
    std::uint32_t count, const std::shared_ptr<MemoryBudget>& budget) const {
  const std::lock_guard lock(made_mutex_);
  std::shared_ptr<const MemberCodes>& kept = members_[name];
  if (kept != nullptr && kept->code_of == code_of) return kept;
  kept.reset();
  column::MadeCodes codes(from, code_of, count);
  auto lease = Lease::Take(budget, codes.byte_count() + code_of.size() * sizeof(code_of[0]));
  if (lease == nullptr) return nullptr;
  kept = std::make_shared<const MemberCodes>(
      MemberCodes{std::move(code_of), std::move(codes), std::move(lease)});
  return kept;
}

void CubeSegment::ForgetUnused() const {
  const std::lock_guard lock(made_mutex_);
  // Others get theirs from these maps only, with this lock.
  const auto unused = [](const auto& entry) { return entry.second.use_count() <= 1; };
  std::erase_if(tuples_, unused);
  std::erase_if(members_, unused);
}

bool MemoryBudget::Take(std::int64_t bytes) {
  if (taken_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= bytes_max_) return true;
  GiveBack(bytes);
  return false;
}

std::unique_ptr<Lease> Lease::Take(std::shared_ptr<MemoryBudget> budget, std::size_t bytes) {
  const auto wanted = static_cast<std::int64_t>(bytes);
  if (budget != nullptr && !budget->Take(wanted)) return nullptr;
  return std::unique_ptr<Lease>(new Lease(std::move(budget), wanted));
}
Lease::~Lease() {
  if (budget_ != nullptr) budget_->GiveBack(bytes_);
}

std::vector<model::Value> SpareColumns::Take() {
  if (spare_.empty()) return {};
  std::vector<model::Value> column = std::move(spare_.back());
  spare_.pop_back();
  return column;
}

void SpareColumns::Give(std::vector<model::Value>&& column) {
  if (column.capacity() == 0) return;
  column.clear();
  spare_.push_back(std::move(column));
}

SegmentBuilder::SegmentBuilder(const model::Mapping& mapping, const TimeZone& zone,
                               std::shared_ptr<SpareColumns> spare)
    : mapping_(mapping),
      zone_(zone),
      spare_(std::move(spare)),
      columns_(StoredColumns().size()),
      buffer_(kBuffered) {}

void SegmentBuilder::Flush() {
  if (buffered_ == 0) return;
  const std::size_t before = row_ids_.size() - buffered_;
  const auto& stored = StoredColumns();
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const auto place = static_cast<std::size_t>(stored[i]);
    Column& column = columns_[i];
    if (before == 0) column.only = buffer_[0][place];
    if (column.values.empty()) {
      const auto end = buffer_.begin() + static_cast<std::ptrdiff_t>(buffered_);
      const bool same = std::all_of(buffer_.begin(), end, [&](const model::DerivedRow& row) {
        return row[place] == column.only;
      });
      if (same) continue;
      column.values = spare_->Take();
      column.values.assign(before, column.only);
    }
    column.values.resize(before + buffered_);
    model::Value* const end = column.values.data() + before;
    for (std::size_t row = 0; row < buffered_; ++row) end[row] = buffer_[row][place];
  }
  buffered_ = 0;
}

void SegmentBuilder::Add(const model::StreamRow& row, archive::RowId id) {
  model::Derive(row, mapping_, zone_, buffer_[buffered_]);
  CQD_CHECK(row_ids_.empty() || row_ids_.back() < id.value);
  row_ids_.push_back(id.value);
  session_time_max_ = std::max(session_time_max_, ToMicros(row.key.session_time));
  if (++buffered_ == kBuffered) Flush();
}

const SegmentBuilder::Column& SegmentBuilder::Of(model::CubeColumn column) const {
  const auto& stored = StoredColumns();
  const auto place = std::lower_bound(stored.begin(), stored.end(), column) - stored.begin();
  return columns_[static_cast<std::size_t>(place)];
}

/// The rows in the order they are stored in.
std::vector<std::uint32_t> SegmentBuilder::SortedRows() const {
  // Media first: nearly every report is about one of them. Then what scenarios are made of, then
  // the day for windows and trends. Null becomes 0; the widths are more than the values need, and a
  // value that does not fit would only stand in the wrong place.
  struct Part {
    model::CubeColumn column;
    int bits;
  };
  constexpr Part kParts[] = {{model::CubeColumn::kMediaType, 6},
                             {model::CubeColumn::kScenario, 12},
                             {model::CubeColumn::kStartDay, 20}};
  std::vector<std::uint64_t> keys(row_count());
  for (const Part& part : kParts) {
    const Column& column = Of(part.column);
    const std::uint64_t mask = (std::uint64_t{1} << part.bits) - 1;
    for (std::size_t row = 0; row < keys.size(); ++row) {
      const model::Value value = column.values.empty() ? column.only : column.values[row];
      const auto digit = value == model::kNull ? 0 : static_cast<std::uint64_t>(value) + 1;
      keys[row] = keys[row] << part.bits | (digit & mask);
    }
  }
  constexpr int kRowBits = 20;  // column::kSegmentRowsMax
  for (std::size_t row = 0; row < keys.size(); ++row) keys[row] = keys[row] << kRowBits | row;
  std::sort(keys.begin(), keys.end());
  std::vector<std::uint32_t> rows(keys.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i] = static_cast<std::uint32_t>(keys[i] & ((std::uint64_t{1} << kRowBits) - 1));
  }
  return rows;
}

std::vector<std::byte> SegmentBuilder::Finish(RowRange range) && {
  Flush();
  // bench/RESULTS.md: 122 bytes a stream with 48 fields, 310 with all.
  constexpr std::size_t kBytesARow = 384;
  column::SegmentWriter writer(row_count(), kBytesARow);
  const std::vector<std::uint32_t> sorted = SortedRows();
  std::vector<model::Value> scratch = spare_->Take();
  scratch.resize(sorted.size());
  const auto in_order =
      [&](const std::vector<model::Value>& values) -> std::span<const model::Value> {
    for (std::size_t i = 0; i < sorted.size(); ++i) scratch[i] = values[sorted[i]];
    return scratch;
  };
  writer.Add(kRowIdColumn, in_order(row_ids_));
  std::vector<model::Value> order = spare_->Take();
  order.resize(sorted.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) order[sorted[i]] = static_cast<model::Value>(i);
  writer.Add(kRowOrderColumn, order);
  spare_->Give(std::move(order));
  const auto& stored = StoredColumns();
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const std::string_view name = model::CubeColumnName(stored[i]);
    if (columns_[i].values.empty()) {
      writer.AddConstant(name, columns_[i].only);
    } else {
      writer.Add(name, in_order(columns_[i].values), true);
    }
    spare_->Give(std::move(columns_[i].values));
  }
  spare_->Give(std::move(scratch));
  return std::move(writer).Finish({{std::string(kAfter), range.after.value},
                                   {std::string(kUpTo), range.up_to.value},
                                   {std::string(kSessionTimeMax), session_time_max_}});
}

Result<std::vector<std::byte>> BuildRange(const archive::Archive& archive, Month month,
                                          RowRange range, const model::Mapping& mapping,
                                          const TimeZone& zone,
                                          const std::shared_ptr<SpareColumns>& spare,
                                          const CancelToken& cancel,
                                          const std::function<Status(std::int64_t)>& rows_done) {
  constexpr std::int64_t kRowsPerReport = 65'536;
  SegmentBuilder builder(mapping, zone, spare);
  std::int64_t fresh = 0;
  CQD_RETURN_IF_ERROR(archive.Scan(month, range.after, range.up_to, cancel,
                                   [&](std::span<const archive::StoredRow> batch) -> Status {
                                     for (const auto& [id, row] : batch) builder.Add(row, id);
                                     fresh += static_cast<std::int64_t>(batch.size());
                                     if (fresh < kRowsPerReport) return OkStatus();
                                     return rows_done(std::exchange(fresh, 0));
                                   }));
  CQD_RETURN_IF_ERROR(rows_done(fresh));
  if (builder.row_count() == 0) return std::vector<std::byte>();
  return std::move(builder).Finish(range);
}

}  // namespace cqd::cube
