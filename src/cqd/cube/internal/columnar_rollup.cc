#include "cube/internal/columnar_rollup.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <new>

#include "base/check.h"

namespace cqd::cube {
namespace {

// Kinds of queries remembered; the one that was not asked for longest is forgotten first.
constexpr std::size_t kShapesMax = 256;
// A part is counted anew when more than one in so many of its rows died since, unless these are
// few.
constexpr std::int64_t kDiedShareMax = 256;
constexpr std::int64_t kDiedFew = 64;
constexpr std::string_view kMonth = "[StartDate].[Month]";

/// The plan that counts a rollup's tuples: the attributes as dimensions, nothing filtered.
struct Rolled {
  Plan plan;
  RollupUse use;
};

/// The months of a window as conditions on the month, like those of a filter.
Status AddWindow(const MonthWindow& window, const AttributeIndex& months,
                 std::shared_ptr<const AttributeIndex> index, std::vector<AnyOf>& all_of) {
  const auto add = [&](Operand operand, Month month) -> Status {
    Filter filter;
    filter.attribute = &months.attribute();
    filter.operand = operand;
    filter.values = {month.ToString()};
    CQD_ASSIGN_OR_RETURN(const MemberTest test, MemberTest::Make(filter));
    PlannedFilter planned;
    planned.index = index;
    for (std::size_t m = 0; m < months.members().size(); ++m) {
      planned.passes.push_back(test.Matches(months.members()[m]) ? 1 : 0);
    }
    all_of.push_back({std::move(planned)});
    return OkStatus();
  };
  CQD_RETURN_IF_ERROR(add(Operand::kGreaterOrEqual, window.first));
  return add(Operand::kLessOrEqual, window.last);
}

/// No key when rollups do not help.
Result<Rolled> Roll(const CubeQuery& query, const Plan& plan, const Indexes& indexes,
                    const StopCheck& stop) {
  Rolled rolled;
  if (!plan.is_additive()) return rolled;
  std::vector<const model::Attribute*> attributes = query.dimensions;
  for (const Filter& filter : query.filters) attributes.push_back(filter.attribute);
  const model::Attribute* month = model::FindAttribute(kMonth);
  if (query.window) attributes.push_back(month);
  const auto by_id = [](const auto* a, const auto* b) { return a->id < b->id; };
  std::sort(attributes.begin(), attributes.end(), by_id);
  attributes.erase(std::unique(attributes.begin(), attributes.end()), attributes.end());
  if (attributes.empty() || attributes.front() == nullptr) return rolled;
  rolled.use.all_of = plan.all_of;
  Plan& by_tuple = rolled.plan;
  std::vector<std::uint64_t> member_counts;
  std::string key;
  for (const model::Attribute* attribute : attributes) {
    CQD_ASSIGN_OR_RETURN(auto index, indexes.Of(*attribute, stop));
    if (query.window && attribute == month) {
      CQD_RETURN_IF_ERROR(AddWindow(*query.window, *index, index, rolled.use.all_of));
    }
    member_counts.push_back(std::max<std::uint64_t>(1, index->members().size()));
    by_tuple.dimensions.push_back(std::move(index));
    key += fmt::format("{},", attribute->id);
  }
  by_tuple.shape = GroupShape(std::move(member_counts));
  by_tuple.tests = plan.tests;
  by_tuple.sums = plan.sums;
  by_tuple.facts = plan.facts;
  by_tuple.class_of_facts = plan.class_of_facts;
  by_tuple.passes = plan.passes;
  by_tuple.class_count = plan.class_count;
  for (const model::FactTest& test : plan.tests)
    key += fmt::format("t{}.{}", test.mask, test.value);
  for (const PlannedSum& sum : plan.sums) {
    key += fmt::format("s{}.{}", static_cast<int>(sum.column), sum.test);
  }
  rolled.use.shape = std::move(key);
  return rolled;
}

std::size_t BytesOf(const RollupPart& part) {
  return part.tuple_count *
         (part.members.size() * sizeof(std::uint32_t) + part.class_count * sizeof(std::uint32_t) +
          part.sums.size() * 2 * sizeof(std::int64_t));
}

/// Whether the plan's numbers are the part's: an index may have been made anew in between.
bool Fits(const RollupPart& part, const Plan& plan, const std::vector<AnyOf>& all_of) {
  const auto is_same = [&part](const AttributeIndex& index) {
    return std::any_of(part.attributes.begin(), part.attributes.end(), [&index](const auto& own) {
      return &own->attribute() == &index.attribute() && index.Continues(*own);
    });
  };
  const auto of_filter = [&is_same](const PlannedFilter& filter) { return is_same(*filter.index); };
  return std::all_of(plan.dimensions.begin(), plan.dimensions.end(),
                     [&is_same](const auto& index) { return is_same(*index); }) &&
         std::all_of(all_of.begin(), all_of.end(), [&of_filter](const AnyOf& any_of) {
           return std::all_of(any_of.begin(), any_of.end(), of_filter);
         });
}

bool IsUsable(const RollupPart& part, const Plan& rolled) {
  if (!rolled.facts->Continues(*part.facts)) return false;
  for (std::size_t a = 0; a < part.attributes.size(); ++a) {
    if (!rolled.dimensions[a]->Continues(*part.attributes[a])) return false;
  }
  return true;
}

/// The segment with only the rows that died between two masks; null when a row came back.
std::shared_ptr<const DeadRows> AllButDied(const DeadRows* then, const DeadRows* now,
                                           std::size_t rows) {
  auto dead = std::make_shared<DeadRows>();
  dead->bits.resize((rows + 63) / 64);
  std::int64_t died = 0;
  for (std::size_t w = 0; w < dead->bits.size(); ++w) {
    const std::uint64_t before = then == nullptr ? 0 : then->bits[w];
    const std::uint64_t after = now == nullptr ? 0 : now->bits[w];
    if ((before & ~after) != 0) return nullptr;
    const std::size_t left = std::min<std::size_t>(64, rows - w * 64);
    dead->bits[w] = ~(after & ~before) & ~std::uint64_t{0} >> (64 - left);
    died += std::popcount(after & ~before);
  }
  dead->count = static_cast<std::int64_t>(rows) - died;
  return dead;
}

}  // namespace

Rollups::Rollups(std::span<const VisibleSegment> segments, const Indexes& indexes,
                 const RollupOptions& options, std::shared_ptr<MemoryBudget> budget,
                 const Rollups* previous)
    : segments_(segments), indexes_(indexes), options_(options), budget_(std::move(budget)) {
  for (std::size_t s = 0; s < segments.size(); ++s) place_of_[segments[s].segment.get()] = s;
  if (previous != nullptr && indexes.continues()) TakeOver(*previous);
}

void Rollups::TakeOver(const Rollups& previous) {
  const std::lock_guard lock(previous.mutex_);
  uses_ = previous.uses_;
  for (const auto& [key, before] : previous.shapes_) {
    Shape& shape = shapes_[key];
    shape.rows_scanned = before.rows_scanned;
    shape.used_at = before.used_at;
    for (const Piece& piece : before.pieces) {
      Piece taken;
      if (piece.use.part != nullptr && TakeOver(*piece.use.part, taken.use)) {
        shape.pieces.push_back(std::move(taken));
      }
    }
    AddPieces(shape);
  }
}

/// False when a segment is gone or too many rows died.
bool Rollups::TakeOver(const RollupPart& part, RollupPiece& piece) const {
  std::int64_t died = 0;
  for (const RollupPart::Covered& covered : part.covered) {
    const auto found = place_of_.find(covered.segment.lock().get());
    if (found == place_of_.end()) return false;
    const VisibleSegment& now = segments_[found->second];
    piece.segments.push_back(found->second);
    if (now.dead == covered.dead) continue;
    const std::size_t rows = now.segment->row_count();
    VisibleSegment only{now.segment, AllButDied(covered.dead.get(), now.dead.get(), rows)};
    if (only.dead == nullptr) return false;
    if (only.live_rows() == 0) continue;
    died += only.live_rows();
    piece.died.emplace_back(found->second, std::move(only));
  }
  return died <= std::max(kDiedFew, part.rows / kDiedShareMax);
}

/// Pieces for the segments that none has yet: one a month.
void Rollups::AddPieces(Shape& shape) const {
  std::vector<std::uint8_t> has_piece(segments_.size());
  for (const Piece& piece : shape.pieces) {
    for (const std::size_t s : piece.use.segments) has_piece[s] = 1;
  }
  Piece next;
  std::int64_t last_row = 0;
  for (std::size_t s = 0; s < segments_.size(); ++s) {
    const RowRange range = segments_[s].segment->range();
    if (range.after.value < last_row && !next.use.segments.empty()) {
      shape.pieces.push_back(std::move(next));
      next = {};
    }
    last_row = range.up_to.value;
    const auto rows = static_cast<std::int64_t>(segments_[s].segment->row_count());
    if (has_piece[s] == 0 && rows >= options_.segment_rows_min) next.use.segments.push_back(s);
  }
  if (!next.use.segments.empty()) shape.pieces.push_back(std::move(next));
}

/// With the lock.
Rollups::Shape& Rollups::ShapeOf(const std::string& key) {
  const auto found = shapes_.find(key);
  if (found != shapes_.end()) return found->second;
  if (shapes_.size() >= kShapesMax) {
    shapes_.erase(std::min_element(
        shapes_.begin(), shapes_.end(),
        [](const auto& a, const auto& b) { return a.second.used_at < b.second.used_at; }));
  }
  Shape& shape = shapes_[key];
  AddPieces(shape);
  return shape;
}

bool Rollups::IsInWindow(const RollupPiece& piece, const Plan& plan) const {
  if (!plan.window) return true;
  return std::any_of(piece.segments.begin(), piece.segments.end(), [&](std::size_t s) {
    const column::ColumnView& day = segments_[s].segment->Column(model::CubeColumn::kStartDay);
    return day.min <= plan.window->last && day.max >= plan.window->first;
  });
}

Result<RollupUse> Rollups::Choose(const CubeQuery& query, const Plan& plan, const StopCheck& stop) {
  CQD_ASSIGN_OR_RETURN(Rolled rolled, Roll(query, plan, indexes_, stop));
  if (rolled.use.shape.empty()) return std::move(rolled.use);
  std::optional<std::size_t> to_make;
  {
    const std::lock_guard lock(mutex_);
    Shape& shape = ShapeOf(rolled.use.shape);
    shape.used_at = ++uses_;
    for (std::size_t p = 0; p < shape.pieces.size() && !to_make; ++p) {
      Piece& piece = shape.pieces[p];
      if (piece.use.part != nullptr && !IsUsable(*piece.use.part, rolled.plan)) {
        piece.use.part = nullptr;
        piece.use.died.clear();
      }
      if (piece.use.part != nullptr || piece.failed || piece.making) continue;
      if (shape.rows_scanned < options_.rows_min || !IsInWindow(piece.use, plan)) continue;
      piece.making = true;
      to_make = p;
    }
  }
  if (to_make) CQD_RETURN_IF_ERROR(MakePart(rolled.plan, rolled.use, *to_make, stop));
  rolled.use.covered.resize(segments_.size());
  const std::lock_guard lock(mutex_);
  for (const Piece& piece : ShapeOf(rolled.use.shape).pieces) {
    if (piece.use.part == nullptr || !IsInWindow(piece.use, plan)) continue;
    if (!IsUsable(*piece.use.part, rolled.plan)) continue;
    if (!Fits(*piece.use.part, plan, rolled.use.all_of)) continue;
    rolled.use.pieces.push_back(piece.use);
    for (const std::size_t s : piece.use.segments) rolled.use.covered[s] = 1;
  }
  return std::move(rolled.use);
}

Status Rollups::MakePart(const Plan& rolled, const RollupUse& use, std::size_t place,
                         const StopCheck& stop) {
  std::vector<std::size_t> places;
  {
    const std::lock_guard lock(mutex_);
    const Shape& shape = ShapeOf(use.shape);
    if (place >= shape.pieces.size()) return OkStatus();  // forgotten meanwhile
    places = shape.pieces[place].use.segments;
  }
  Result<std::shared_ptr<RollupPart>> made = Fail(ErrorCode::kResourceExhausted, "no memory");
  try {
    made = Count(rolled, places, stop);
  } catch (const std::bad_alloc&) {  // then as without a rollup
    made = std::shared_ptr<RollupPart>();
  }
  std::unique_ptr<Lease> lease;
  if (made.ok() && *made != nullptr) lease = TakeMemory(BytesOf(**made), use.shape);
  const std::lock_guard lock(mutex_);
  Shape& shape = ShapeOf(use.shape);
  if (place >= shape.pieces.size() || shape.pieces[place].use.segments != places) return OkStatus();
  Piece& piece = shape.pieces[place];
  piece.making = false;
  if (!made.ok()) return std::move(made).error();
  if (lease == nullptr) {
    piece.failed = true;
    return OkStatus();
  }
  (*made)->lease = std::move(lease);
  piece.use.part = *std::move(made);
  piece.use.died.clear();
  return OkStatus();
}

/// Forgets what was not used for longest, when that is needed.
std::unique_ptr<Lease> Rollups::TakeMemory(std::size_t bytes, const std::string& shape) {
  for (;;) {
    if (auto lease = Lease::Take(budget_, bytes)) return lease;
    const std::lock_guard lock(mutex_);
    Shape* oldest = nullptr;
    for (auto& [key, candidate] : shapes_) {
      const bool has_part = std::any_of(candidate.pieces.begin(), candidate.pieces.end(),
                                        [](const Piece& p) { return p.use.part != nullptr; });
      if (key == shape || !has_part) continue;
      if (oldest == nullptr || candidate.used_at < oldest->used_at) oldest = &candidate;
    }
    if (oldest == nullptr) return nullptr;
    for (Piece& piece : oldest->pieces) piece.use.part = nullptr;
  }
}

Result<std::shared_ptr<RollupPart>> Rollups::Count(const Plan& rolled,
                                                   const std::vector<std::size_t>& places,
                                                   const StopCheck& stop) const {
  auto part = std::make_shared<RollupPart>();
  Tally tally(rolled);
  Scanner scanner(rolled);
  for (const std::size_t s : places) {
    part->covered.push_back({segments_[s].segment, segments_[s].dead});
    part->rows += segments_[s].live_rows();
  }
  const auto tuples_max = static_cast<std::size_t>(part->rows / options_.rows_per_tuple_min);
  for (const std::size_t s : places) {
    CQD_RETURN_IF_ERROR(stop());
    scanner.Scan(segments_[s], s, {}, tally);
    const bool is_array = rolled.shape.is_array();
    if (!is_array && tally.groups.size() > tuples_max) return std::shared_ptr<RollupPart>();
  }
  tally.Settle();
  part->class_count = rolled.class_count;
  part->members.resize(rolled.dimensions.size());
  part->sums.resize(rolled.sums.size());
  part->numbers.resize(rolled.sums.size());
  std::vector<std::uint32_t> tuple(rolled.dimensions.size());
  for (std::uint32_t g = 0; g < tally.groups.size(); ++g) {
    const std::int64_t* counts = tally.counts.data() + g * rolled.class_count;
    if (std::all_of(counts, counts + rolled.class_count, [](auto n) { return n == 0; })) continue;
    if (part->tuple_count == tuples_max) return std::shared_ptr<RollupPart>();
    ++part->tuple_count;
    tally.groups.TupleOf(g, tuple);
    for (std::size_t a = 0; a < tuple.size(); ++a) part->members[a].push_back(tuple[a]);
    for (std::size_t c = 0; c < rolled.class_count; ++c) {
      part->counts.push_back(static_cast<std::uint32_t>(counts[c]));
    }
    for (std::size_t i = 0; i < rolled.sums.size(); ++i) {
      part->sums[i].push_back(tally.sums[i][g]);
      part->numbers[i].push_back(tally.numbers[i][g]);
    }
  }
  part->attributes = rolled.dimensions;
  part->facts = rolled.facts;
  return part;
}

void Rollups::Note(const RollupUse& use, std::int64_t rows_scanned) {
  if (use.shape.empty()) return;
  const std::lock_guard lock(mutex_);
  Shape& shape = ShapeOf(use.shape);
  shape.rows_scanned = std::max(shape.rows_scanned, rows_scanned);
}

namespace {

/// The tuples of a part for one plan, block by block.
class TupleScan {
 public:
  TupleScan(const Plan& plan, const RollupUse& use, const RollupPart& part)
      : plan_(plan),
        part_(part),
        mask_(column::kBlockRows),
        any_(column::kBlockRows),
        selection_(column::kBlockRows) {
    for (const AnyOf& any_of : use.all_of) {
      auto& columns = filters_.emplace_back();
      for (const PlannedFilter& filter : any_of) {
        columns.push_back({MembersOf(*filter.index), filter.passes.data()});
      }
    }
    for (const auto& dimension : plan.dimensions) dimensions_.push_back(MembersOf(*dimension));
  }

  void Run(Tally& tally) {
    for (std::size_t first = 0; first < part_.tuple_count; first += column::kBlockRows) {
      const std::size_t count = std::min(column::kBlockRows, part_.tuple_count - first);
      const std::size_t selected = Select(first, count);
      Add(first, selected, tally);
    }
  }

 private:
  struct FilterColumn {
    const std::uint32_t* members;
    const column::Mask* passes;
  };

  const std::uint32_t* MembersOf(const AttributeIndex& index) const {
    for (std::size_t a = 0; a < part_.attributes.size(); ++a) {
      if (&part_.attributes[a]->attribute() == &index.attribute()) return part_.members[a].data();
    }
    CQD_CHECK(false);
    return nullptr;
  }

  std::size_t Select(std::size_t first, std::size_t count) {
    std::fill_n(mask_.data(), count, column::Mask{1});
    for (const std::vector<FilterColumn>& any_of : filters_) {
      std::fill_n(any_.data(), count, column::Mask{0});
      for (const FilterColumn& filter : any_of) {
        const std::uint32_t* members = filter.members + first;
        for (std::size_t i = 0; i < count; ++i) {
          any_[i] = static_cast<column::Mask>(any_[i] | filter.passes[members[i]]);
        }
      }
      column::AndMask(any_.data(), count, mask_.data());
    }
    return column::Select(mask_.data(), count, selection_.data());
  }

  void Add(std::size_t first, std::size_t selected, Tally& tally) {
    const bool is_array = plan_.shape.is_array();
    std::vector<std::uint32_t> tuple(dimensions_.size());
    for (std::size_t k = 0; k < selected; ++k) {
      const std::size_t t = first + selection_[k];
      std::size_t group = 0;
      if (is_array) {
        const auto& strides = plan_.shape.stages()[0].strides;
        for (std::size_t d = 0; d < tuple.size(); ++d) group += dimensions_[d][t] * strides[d];
      } else {
        for (std::size_t d = 0; d < tuple.size(); ++d) tuple[d] = dimensions_[d][t];
        group = tally.groups.NumberOf(tuple);
        if (group * plan_.class_count >= tally.counts.size()) tally.Resize(plan_);
      }
      std::int64_t* target = tally.counts.data() + group * plan_.class_count;
      const std::uint32_t* counts = part_.counts.data() + t * part_.class_count;
      for (std::size_t c = 0; c < part_.class_count; ++c) target[c] += counts[c];
      for (std::size_t s = 0; s < plan_.sums.size(); ++s) {
        std::int64_t& sum = tally.sums[s][group];
        sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) +
                                        static_cast<std::uint64_t>(part_.sums[s][t]));
        tally.numbers[s][group] += part_.numbers[s][t];
      }
    }
  }

  const Plan& plan_;
  const RollupPart& part_;
  std::vector<std::vector<FilterColumn>> filters_;
  std::vector<const std::uint32_t*> dimensions_;
  std::vector<column::Mask> mask_, any_;
  std::vector<std::uint16_t> selection_;
};

}  // namespace

void AddRollup(const Plan& plan, const RollupUse& use, const RollupPart& part, Tally& tally) {
  TupleScan(plan, use, part).Run(tally);
  tally.scanned.rollup_tuples += static_cast<std::int64_t>(part.tuple_count);
}

}  // namespace cqd::cube
