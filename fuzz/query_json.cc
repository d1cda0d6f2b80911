// Any bytes as the body of RunQuery and of DimensionMembers: an answer or an error, never a crash.
// A query that was read must have a canonical text, and the executor must answer it.
// Links: cube
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "cube/internal/test_corpus.h"
#include "cube/members.h"
#include "cube/query.h"
#include "cube/reference.h"
#include "cube/result.h"

namespace {

using cqd::cube::testing::Corpus;

/// Two streams, so that filters meet members.
const Corpus& Streams() {
  static const std::unique_ptr<const Corpus> corpus = [] {
    auto made = std::make_unique<Corpus>();
    made->AddLine("stream start_time=2015-03-05T10:00:00Z,caller_user_agent=OC/15.0|4,jitter_ms=9");
    made->AddLine("stream caller_subnet=10.1.0.0,caller_inside=1,codec=SILKWide");
    made->Classify();
    return made;
  }();
  return *corpus;
}

void AskQuery(std::string_view body) {
  static const cqd::cube::ReferenceExecutor executor(Streams().rows, Streams().MakeMapping(),
                                                     Streams().zone);
  const auto query = cqd::cube::ParseCubeQuery(body);
  if (!query.ok()) return;
  CQD_CHECK(!cqd::cube::CanonicalText(*query).empty());
  auto groups = executor.Run(*query, {});
  // Everything a query can get wrong is found when it is read.
  CQD_CHECK(groups.ok());
  cqd::cube::WriteRunQueryJson(cqd::cube::Finish(*query, *std::move(groups)), {});
}

void AskMembers(std::string_view body) {
  const auto request = cqd::cube::ParseMembersRequest(body);
  if (!request.ok()) return;
  static const cqd::cube::ReferenceExecutor executor(Streams().rows, Streams().MakeMapping(),
                                                     Streams().zone);
  const auto all = cqd::cube::AllMembers(*request->attribute, &executor, {});
  CQD_CHECK(all.ok());
  cqd::cube::WriteMembersJson(cqd::cube::SelectMembers(*all, *request));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  AskQuery(body);
  AskMembers(body);
  return 0;
}
