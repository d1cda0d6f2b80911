// Promise: every executor gives the same groups, members and sums as the reference executor, for
// any streams and any question. Method: random streams, each attribute, measure and operand at
// least once, then random questions. The seed is printed; CQD_SEED=n repeats a run.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "cube/internal/test_executors.h"
#include "cube/internal/value_list.h"

namespace cqd::cube {
namespace {

using model::Attribute;
using model::Field;
using model::FieldType;
using model::Measure;

constexpr int kSessions = 120;
constexpr int kRandomQuestions = 250;

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::int64_t Number(std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(engine_);
  }
  bool Chance(double probability) { return std::bernoulli_distribution(probability)(engine_); }
  template <typename T>
  const T& Pick(const std::vector<T>& from) {
    return from[static_cast<std::size_t>(Number(0, static_cast<std::int64_t>(from.size()) - 1))];
  }

 private:
  std::mt19937_64 engine_;
};

struct Word {
  const char* text;
  const char* detail = "";
};

/// Texts that mean something in their space, and some that do not.
std::vector<Word> WordsOf(model::KeySpace space) {
  switch (space) {
    case model::KeySpace::kUserAgent:
      return {{"UCCAPI/15.0 OC/15.0", "4"},
              {"RTCC/5.0 MediationServer", "1"},
              {"AndroidLync/6.0", "16400"},
              {"RTCC/6.0 AV-MCU", "2"},
              {"Polycom VVX", ""}};
    case model::KeySpace::kSubnet:
      return {{"10.1.0.0"}, {"10.2.0.0"}, {"192.168.1.0"}, {"fd00::"}, {"10.1.2.3", "address"}};
    case model::KeySpace::kConnection:
      return {{"Wired"}, {"WiFi"}, {"Ethernet"}, {"MobileBB"}, {"Tunnel"}, {"odd"}};
    case model::KeySpace::kAddress:
      return {{"10.1.0.7"}, {"10.2.0.9"}, {"fd00::1"}};
    case model::KeySpace::kUser:
      return {{"a@x.example"}, {"b@y.example"}, {"ü]@[z"}};
    case model::KeySpace::kConference:
      return {{"sip:a@x;opaque=app:conf:audio-video:id:1"}, {"x"}};
    case model::KeySpace::kEndpoint:
      return {{"PC1"}, {"PC2", "Windows 10"}};
    case model::KeySpace::kMac:
    case model::KeySpace::kBssid:
    case model::KeySpace::kDevice:
    case model::KeySpace::kDriver:
    case model::KeySpace::kPool:
    case model::KeySpace::kCodec:
    case model::KeySpace::kBandwidthSource:
    case model::KeySpace::kResolution:
    case model::KeySpace::kSharingType:
    case model::KeySpace::kFeedbackTokens:
    case model::KeySpace::kWifiRadio:
      break;
  }
  return {{"One"}, {"two, three"}, {"640x480"}, {"Four : 4.0"}};
}

model::Value RandomValue(Random& random, const model::FieldInfo& info, testing::Corpus& corpus) {
  switch (info.type) {
    case FieldType::kKey: {
      const Word word = random.Pick(WordsOf(info.space));
      return corpus.keys.Intern(info.space, word.text, word.detail);
    }
    case FieldType::kFlag:
      return random.Number(0, 1);
    case FieldType::kMask:
      return random.Number(0, 63);
    case FieldType::kTime:
      // Two hundred years off now and then, as clients' clocks are.
      if (random.Chance(0.02)) return random.Number(-7'000'000'000'000'000, 7'000'000'000'000'000);
      return ToMicros(Month(2015, 1).begin()) + random.Number(0, 120LL * 86'400'000'000);
    case FieldType::kInteger: {
      const double most = random.Chance(0.7) ? 8 : info.max;
      return random.Number(static_cast<std::int64_t>(info.min),
                           static_cast<std::int64_t>(std::min(info.max, most)));
    }
    case FieldType::kDecimal: {
      // Near the limits of the classes and the bands, and anywhere.
      const double share = static_cast<double>(random.Number(0, 1000)) / 1000;
      const double reach = random.Chance(0.6) ? std::min(info.max, info.min + 60) : info.max;
      return model::ToStored(info.field, info.min + share * (reach - info.min));
    }
  }
  return model::kNull;
}

void AddSession(Random& random, testing::Corpus& corpus, std::int64_t seq) {
  static const std::vector<int> kLabels = {0, 0, 0, 1, 2, 3, 16, 99};
  model::StreamRow base;
  base.key.source = model::SourceId(1);
  base.key.session_seq = seq;
  base.key.session_time = Month(2015, 1).begin() + std::chrono::days(random.Number(0, 110));
  const std::int64_t streams = random.Number(1, 4);
  for (std::int64_t i = 0; i < streams; ++i) {
    model::StreamRow row = base;
    row.key.media_label = random.Pick(kLabels);
    row.key.stream_id = i;
    const double fill = random.Chance(0.5) ? 0.8 : 0.2;
    for (const model::FieldInfo& info : model::AllFields()) {
      if (random.Chance(fill)) row.Set(info.field, RandomValue(random, info, corpus));
    }
    corpus.rows.push_back(row);
  }
}

std::unique_ptr<testing::Corpus> RandomCorpus(Random& random) {
  auto corpus = std::make_unique<testing::Corpus>();
  corpus->AddLine("building key=1,name=North,city=Oslo,inside_corp=1");
  corpus->AddLine("building key=2,name=South,country=NO,inside_corp=0");
  corpus->AddLine("network address=10.1.0.0,prefix_bits=16,building_key=1,name=Lab,type=LAB");
  corpus->AddLine("network address=10.0.0.0,prefix_bits=8,building_key=2");
  corpus->zone = TimeZone::Find("America/New_York").value();
  for (int i = 0; i < kSessions; ++i) AddSession(random, *corpus, i + 1);
  corpus->Classify();
  return corpus;
}

/// Questions about a corpus: filter values are mostly keys that occur.
class Questions {
 public:
  Questions(Random& random, const testing::Corpus& corpus)
      : random_(random), corpus_(corpus), mapping_(corpus.MakeMapping()) {
    for (const Attribute& attribute : model::Attributes()) attributes_.push_back(&attribute);
    for (const Measure& measure : model::Measures()) measures_.push_back(&measure);
  }

  Filter RandomFilter(const Attribute& attribute, Operand operand) {
    Filter filter{&attribute, operand, {}, ""};
    const std::int64_t count = random_.Number(1, 3);
    for (std::int64_t i = 0; i < count; ++i) filter.values.push_back(RandomText(attribute));
    if (random_.Chance(0.4)) filter.union_group = random_.Chance(0.5) ? "a" : "b";
    return filter;
  }
  Filter RandomFilter() {
    return RandomFilter(*random_.Pick(attributes_), static_cast<Operand>(random_.Number(0, 9)));
  }

  CubeQuery Next() {
    CubeQuery query;
    const std::int64_t dimensions = random_.Number(0, 3);
    for (std::int64_t i = 0; i < dimensions; ++i) {
      query.dimensions.push_back(random_.Pick(attributes_));
    }
    const std::int64_t measures = random_.Number(0, 6);
    for (std::int64_t i = 0; i < measures; ++i) query.measures.push_back(random_.Pick(measures_));
    const std::int64_t filters = random_.Number(0, 4);
    for (std::int64_t i = 0; i < filters; ++i) query.filters.push_back(RandomFilter());
    if (random_.Chance(0.3)) {
      const Month last = Month(2015, 1).Plus(static_cast<int>(random_.Number(0, 5)));
      query.window = MonthWindow{last.Plus(-static_cast<int>(random_.Number(0, 3))), last};
    }
    if (random_.Chance(0.3)) query.what_if = RandomLimits();
    return query;
  }

  model::Classifier RandomLimits() {
    model::Classifier classifier = model::PublishedClassifier();
    for (const model::LimitInfo& info : model::Limits()) {
      if (random_.Chance(0.6)) continue;
      const model::FieldInfo& field = model::InfoOf(info.field);
      const double reach = random_.Chance(0.6) ? std::min(field.max, field.min + 60) : field.max;
      classifier.limits[static_cast<std::size_t>(info.id)] =
          field.min + (reach - field.min) * static_cast<double>(random_.Number(0, 100)) / 100;
    }
    return classifier;
  }

 private:
  std::string RandomText(const Attribute& attribute) {
    if (random_.Chance(0.1)) return "(Blank)";
    if (random_.Chance(0.1)) {
      return random_.Pick(std::vector<std::string>{"", "1", "true", "2015-2", "a*(", "^$", "."});
    }
    model::DerivedRow row;
    model::Derive(random_.Pick(corpus_.rows), *mapping_, corpus_.zone, row);
    const auto at = [&](int input) {
      return row[static_cast<std::size_t>(attribute.inputs[input])];
    };
    const model::Member member =
        attribute.member(at(0), attribute.input_count == 2 ? at(1) : model::kNull, *mapping_);
    const auto values = SplitValues(BracketKey(member.key));
    EXPECT_EQ(values, std::vector<std::string>{member.key}) << attribute.data_model_name;
    return random_.Chance(0.2) ? ToLower(member.key) : member.key;
  }

  Random& random_;
  const testing::Corpus& corpus_;
  std::shared_ptr<const model::Mapping> mapping_;
  std::vector<const Attribute*> attributes_;
  std::vector<const Measure*> measures_;
};

std::string Describe(const CubeQuery& query) {
  std::string out;
  for (const auto* dimension : query.dimensions) out += dimension->data_model_name + " ";
  for (const auto* measure : query.measures) out += measure->data_model_name + " ";
  for (const Filter& filter : query.filters) {
    out += fmt::format("\n  {} {} {} '{}'", filter.attribute->data_model_name,
                       static_cast<int>(filter.operand), fmt::join(filter.values, "|"),
                       filter.union_group);
  }
  return out;
}

/// Groups as lines, sorted, so that equal answers are equal texts.
std::vector<std::string> Lines(Groups groups) {
  std::vector<std::string> lines;
  for (const Group& group : groups) {
    std::string line;
    for (const model::Member& member : group.members) {
      line += fmt::format("{}/{}/{}/{} ", member.key, member.caption, member.order, member.blank);
    }
    for (const Accumulator& value : group.values) {
      line += fmt::format("{}:{} ", value.numerator, value.denominator);
    }
    lines.push_back(std::move(line));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

class Executors : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* given = std::getenv("CQD_SEED");
    seed_ = given != nullptr ? static_cast<unsigned>(std::atoll(given)) : std::random_device{}();
    std::cout << "seed " << seed_ << std::endl;
    random_ = std::make_unique<Random>(seed_);
    corpus_ = RandomCorpus(*random_);
    for (const auto& kind : testing::ExecutorsUnderTest()) {
      names_.emplace_back(kind.name);
      executors_.push_back(kind.make(*corpus_));
    }
  }

  void ExpectSame(const CubeQuery& query) {
    SCOPED_TRACE("seed " + std::to_string(seed_) + ": " + Describe(query));
    const Result<Groups> expected = executors_[0]->Run(query, {});
    for (std::size_t i = 1; i < executors_.size(); ++i) {
      const Result<Groups> got = executors_[i]->Run(query, {});
      ASSERT_EQ(got.ok(), expected.ok()) << names_[i];
      if (got.ok()) {
        ASSERT_EQ(Lines(*got), Lines(*expected)) << names_[i];
      } else {
        ASSERT_EQ(got.error().code, expected.error().code) << names_[i];
      }
    }
  }

  unsigned seed_ = 0;
  std::unique_ptr<Random> random_;
  std::unique_ptr<testing::Corpus> corpus_;
  std::vector<std::string> names_;
  std::vector<std::shared_ptr<const Executor>> executors_;
};

TEST_F(Executors, EveryAttributeWithEveryMeasure) {
  CubeQuery query;
  for (const Measure& measure : model::Measures()) {
    // Percentiles are all of one kind: a few of them are enough.
    const bool wanted = measure.kind != model::MeasureKind::kPercentile || random_->Chance(0.05);
    if (wanted) query.measures.push_back(&measure);
  }
  for (const Attribute& attribute : model::Attributes()) {
    query.dimensions = {&attribute};
    ExpectSame(query);
    if (HasFatalFailure()) return;
  }
}

TEST_F(Executors, EveryMeasureByOtherLimits) {
  Questions questions(*random_, *corpus_);
  CubeQuery query;
  query.dimensions = {model::FindAttribute("[StartDate].[Month]")};
  for (const Measure& measure : model::Measures()) {
    query.measures.push_back(&measure);
    if (query.measures.size() < 20) continue;
    query.what_if = questions.RandomLimits();
    ExpectSame(query);
    if (HasFatalFailure()) return;
    query.measures.clear();
  }
  for (const Measure& measure : model::Measures()) query.measures.push_back(&measure);
  ExpectSame(query);
}

TEST_F(Executors, EveryAttributeAsFilter) {
  Questions questions(*random_, *corpus_);
  CubeQuery query;
  query.measures = {&model::Measures().front()};
  int operand = static_cast<int>(random_->Number(0, 9));
  for (const Attribute& attribute : model::Attributes()) {
    query.filters = {questions.RandomFilter(attribute, static_cast<Operand>(operand++ % 10)),
                     questions.RandomFilter(attribute, static_cast<Operand>(operand++ % 10))};
    ExpectSame(query);
    if (HasFatalFailure()) return;
  }
}

TEST_F(Executors, RandomQuestions) {
  Questions questions(*random_, *corpus_);
  for (int i = 0; i < kRandomQuestions; ++i) {
    ExpectSame(questions.Next());
    if (HasFatalFailure()) return;
  }
}

// The answer to any question is JSON-safe and keeps its row count through Finish.
TEST_F(Executors, FinishKeepsEveryGroup) {
  Questions questions(*random_, *corpus_);
  for (int i = 0; i < 50; ++i) {
    const CubeQuery query = questions.Next();
    Result<Groups> groups = executors_[0]->Run(query, {});
    if (!groups.ok()) continue;
    const std::size_t count = groups->size();
    EXPECT_EQ(Finish(query, *std::move(groups)).rows.size(), count) << "seed " << seed_;
  }
}

TEST_F(Executors, LimitsHold) {
  CubeQuery query;
  query.dimensions = {model::FindAttribute("[StartDate].[Date]")};
  for (const auto& executor : executors_) {
    const auto many = executor->Run(query, {.groups_max = 2, .time_max = {}, .cancel = nullptr});
    ASSERT_FALSE(many.ok());
    EXPECT_EQ(many.error().code, ErrorCode::kResourceExhausted);
  }
  CancelToken cancel;
  cancel.Cancel();
  const auto stopped = executors_[0]->Run(query, {.time_max = {}, .cancel = &cancel});
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
  const auto late = executors_[0]->Run(query, {.time_max = Duration(-1), .cancel = nullptr});
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, ErrorCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace cqd::cube
