#include "client/address.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

using ::testing::HasSubstr;

v1::Address Parse(absl::string_view text) {
  absl::StatusOr<v1::Address> address = ParseAddress(text);
  EXPECT_TRUE(address.ok()) << address.status();
  return address.value_or(v1::Address());
}

std::string Problem(absl::string_view text) {
  absl::StatusOr<v1::Address> address = ParseAddress(text);
  EXPECT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(address.status().message());
}

class RoundTripTest : public testing::TestWithParam<std::string> {};

TEST_P(RoundTripTest, IsWrittenAsItWasRead) {
  EXPECT_EQ(FormatAddress(Parse(GetParam())), GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    AllForms, RoundTripTest,
    testing::Values("127.0.0.1:80", "0.0.0.0:0", "255.255.255.255:65535",
                    "[::1]:80", "[fe80::1%eth0]:7", "[fe80::1%2]:7",
                    "unix:/run/a.sock", "unix:relative",
                    "unix:", "unix-abstract:name", "unix-abstract:",
                    "unix-abstract:a\\000b", "unix:/\xc3\xbc", "unix:/a\\\\b",
                    "unix:/\\377", "unix-abstract:\\377", "raw:0200ffff"));

TEST(ParseAddressTest, FillsTheFields) {
  EXPECT_EQ(Parse("10.83.0.1:7411").ip().host(), "10.83.0.1");
  EXPECT_EQ(Parse("10.83.0.1:7411").ip().port(), 7411u);
  EXPECT_EQ(Parse("[fe80::1%eth0]:7").ip().host(), "fe80::1%eth0");
  EXPECT_EQ(Parse("unix:/run/a.sock").unix().path(), "/run/a.sock");
  EXPECT_EQ(Parse("unix-abstract:name").unix().abstract(), "name");
  EXPECT_EQ(Parse("unix:").address_case(), v1::Address::ADDRESS_NOT_SET);
  EXPECT_EQ(Parse("raw:0200").raw(), std::string("\x02\x00", 2));
}

TEST(ParseAddressTest, PutsNamesThatAreNotUtf8IntoTheBytesFields) {
  for (const char* valid : {"\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\xa7\xa6"}) {
    EXPECT_EQ(Parse(absl::StrCat("unix:", valid)).unix().path(), valid);
  }
  for (const char* invalid :
       {"\xff", "\xbf", "\xc0\x80", "\xc3", "\xc3(", "\xe0\x80\x80",
        "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80"}) {
    EXPECT_EQ(Parse(absl::StrCat("unix:", invalid)).unix().path_bytes(),
              invalid);
    EXPECT_EQ(
        Parse(absl::StrCat("unix-abstract:", invalid)).unix().abstract_bytes(),
        invalid);
  }
}

TEST(ParseAddressTest, KeepsNulsInAbstractNames) {
  EXPECT_EQ(Parse("unix-abstract:a\\000b").unix().abstract(),
            std::string("a\0b", 3));
}

TEST(ParseAddressTest, SaysWhatIsWrong) {
  EXPECT_THAT(Problem(""), HasSubstr("expected IPV4:PORT"));
  EXPECT_THAT(Problem("127.0.0.1"), HasSubstr("expected IPV4:PORT"));
  EXPECT_THAT(Problem("[::1]"), HasSubstr("expected IPV4:PORT"));
  EXPECT_THAT(Problem("::1:80"), HasSubstr("brackets"));
  EXPECT_THAT(Problem("localhost:80"), HasSubstr("Resolve"));
  EXPECT_THAT(Problem("127.0.0.1%eth0:80"), HasSubstr("no literal"));
  EXPECT_THAT(Problem("[127.0.0.1]:80"), HasSubstr("no IPv6"));
  EXPECT_THAT(Problem("[::1%eth0]x:80"), HasSubstr("expected IPV4:PORT"));
  EXPECT_THAT(Problem("[fe80::1%\xff]:80"), HasSubstr("UTF-8"));
  EXPECT_THAT(Problem(absl::string_view("127.0.0.1\0x:80", 14)),
              HasSubstr("NUL"));
  for (const char* text :
       {"127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1",
        "127.0.0.1: 1", "127.0.0.1:99999999999"}) {
    EXPECT_THAT(Problem(text), HasSubstr("0 to 65535")) << text;
  }
  EXPECT_THAT(Problem("unix:/a\\"), HasSubstr("escape"));
  EXPECT_THAT(Problem("raw:020"), HasSubstr("hexadecimal"));
  EXPECT_THAT(Problem("raw:zz"), HasSubstr("hexadecimal"));
}

TEST(FormatAddressTest, ShowsAScopeAsAZone) {
  v1::Address address = MakeIpAddress("fe80::1", 80);
  address.mutable_ip()->set_scope_id(3);
  EXPECT_EQ(FormatAddress(address), "[fe80::1%3]:80");
}

TEST(FormatAddressTest, ShowsUtf8AsItIs) {
  v1::Address address;
  address.mutable_unix()->set_path("/\xc3\xbc");
  EXPECT_EQ(FormatAddress(address), "unix:/\xc3\xbc");
}

TEST(FormatAddressTest, ShowsTheUnnamedAddress) {
  EXPECT_EQ(FormatAddress(v1::Address()), "unix:");
  v1::Address address;
  address.mutable_unix();
  EXPECT_EQ(FormatAddress(address), "unix:");
}

}  // namespace
}  // namespace standoff::client
