#include "server/convert/bits.h"

#include <climits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "standoff/v1/payload.pb.h"
#include "standoff/v1/socket_service.pb.h"

namespace standoff {
namespace {

using ::testing::ElementsAre;

TEST(BitsTest, ReadsBitsAndNumbers) {
  v1::ReceiveRequest request;
  EXPECT_EQ(BitsFromProto(request.flags()), 0);
  request.add_flags(v1::MESSAGE_FLAG_PEEK);
  request.add_flags(v1::MESSAGE_FLAG_TRUNC);
  // Several in one, and one of them twice.
  request.add_flags(static_cast<v1::MessageFlag>(0x103));
  EXPECT_EQ(BitsFromProto(request.flags()), 0x123);
  request.add_flags(static_cast<v1::MessageFlag>(INT_MIN));
  EXPECT_EQ(BitsFromProto(request.flags()), INT_MIN | 0x123);
}

TEST(BitsTest, WritesEachBit) {
  v1::ReceiveResponse response;
  BitsToProto<v1::MessageFlag>(0, response.mutable_flags());
  EXPECT_THAT(response.flags(), ElementsAre());
  BitsToProto<v1::MessageFlag>(0x28, response.mutable_flags());
  EXPECT_THAT(response.flags(),
              ElementsAre(v1::MESSAGE_FLAG_CTRUNC, v1::MESSAGE_FLAG_TRUNC));
  response.clear_flags();
  BitsToProto<v1::MessageFlag>(INT_MIN | 1, response.mutable_flags());
  EXPECT_THAT(response.flags(), ElementsAre(1, INT_MIN));
}

}  // namespace
}  // namespace standoff
