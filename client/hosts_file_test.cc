#include "client/hosts_file.h"

#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/host_entry.h"
#include "client/lab/temp_dir.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr char kPath[] = "/etc/standoff/hosts.yaml";

absl::StatusOr<std::vector<HostEntry>> Parse(const std::string& text) {
  return ParseHostsFile(text, kPath);
}

// The message of the error, without the path.
std::string Problem(const std::string& text) {
  const absl::Status status = Parse(text).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status << "\n" << text;
  const std::string prefix = absl::StrCat(kPath, ":");
  EXPECT_THAT(std::string(status.message()), StartsWith(prefix));
  return std::string(status.message().substr(prefix.size()));
}

TEST(ParseHostsFileTest, ReadsAllFields) {
  const absl::StatusOr<std::vector<HostEntry>> hosts = Parse(R"(
# Two hosts.
hosts:
  - name: left
    address: 10.1.0.1:7411
  - name: right
    address: "unix:/run/standoff"
    tls: {ca: ca.pem, cert: /abs/client.pem, key: sub/client.key}
    session: nightly:7
    known_as:
      - 203.0.113.7
      - 2001:db8::7
)");
  ASSERT_TRUE(hosts.ok()) << hosts.status();
  ASSERT_EQ(hosts->size(), 2u);
  const HostEntry& left = hosts->at(0);
  EXPECT_EQ(left.name, "left");
  EXPECT_EQ(left.address, "10.1.0.1:7411");
  EXPECT_FALSE(left.tls.any());
  EXPECT_EQ(left.session, "");
  EXPECT_THAT(left.known_as, IsEmpty());
  const HostEntry& right = hosts->at(1);
  EXPECT_EQ(right.name, "right");
  EXPECT_EQ(right.address, "unix:/run/standoff");
  EXPECT_EQ(right.tls.ca, "/etc/standoff/ca.pem");
  EXPECT_EQ(right.tls.certificate, "/abs/client.pem");
  EXPECT_EQ(right.tls.key, "/etc/standoff/sub/client.key");
  EXPECT_EQ(right.session, "nightly:7");
  EXPECT_THAT(right.known_as, ElementsAre("203.0.113.7", "2001:db8::7"));
}

TEST(ParseHostsFileTest, ANameIsNotRequired) {
  EXPECT_EQ(Parse("hosts: [{address: 'h:1'}]")->at(0).name, "h:1");
}

TEST(ParseHostsFileTest, AnchorsAndAliasesAreFine) {
  const absl::StatusOr<std::vector<HostEntry>> hosts = Parse(R"(
hosts:
  - name: left
    address: a:1
    tls: &tls {ca: ca.pem}
  - name: right
    address: b:1
    tls: *tls
)");
  ASSERT_TRUE(hosts.ok()) << hosts.status();
  EXPECT_EQ(hosts->at(1).tls.ca, "/etc/standoff/ca.pem");
}

struct Bad {
  std::string text;
  std::string problem;
};

TEST(ParseHostsFileTest, NamesTheLineTheFieldAndTheRemedy) {
  for (const Bad& bad : std::vector<Bad>{
           {"", "1: it is nothing: expected a mapping with the fields hosts"},
           {"# nothing\n", "it is nothing"},
           {"just text", "1: it is a text: expected a mapping"},
           {"- a\n- b", "1: it is a list: expected a mapping"},
           {"{}", "1: hosts: it is missing"},
           {"host: []",
            "1: host: there is no such field: expected one of "
            "hosts"},
           {"hosts:", "hosts: it is nothing: expected a list of hosts"},
           {"hosts: []", "1: hosts: it is empty"},
           {"hosts: left", "1: hosts: it is a text: expected a list"},
           {"hosts:\n  left: {address: 'a:1'}",
            "2: hosts: it is a mapping: expected a list"},
           {"hosts:\n- a:1", "2: hosts[0]: it is a text: expected a mapping"},
           {"hosts:\n- {}", "2: hosts[0]: address: it is missing"},
           {"hosts:\n- name: left",
            "2: hosts[0]: address: it is missing: expected HOST:PORT or "
            "unix:PATH"},
           {"hosts:\n- address: a",
            "2: hosts[0].address: address \"a\" of a host: expected HOST:PORT "
            "or unix:PATH"},
           {"hosts:\n- address:\n  - a:1",
            "3: hosts[0].address: it is a list: expected HOST:PORT"},
           {"hosts:\n- address: ''", "2: hosts[0].address: it is empty"},
           {"hosts:\n- address: a:1\n  adress: b:1",
            "3: hosts[0].adress: there is no such field: expected one of name, "
            "address, tls, session, known_as"},
           {"hosts:\n- address: a:1\n  address: b:1",
            "3: hosts[0].address: the field is there twice"},
           {"hosts:\n- address: a:1\n  [x]: 1",
            "3: hosts[0].?: there is no such field"},
           {"hosts:\n- address: a:1\n  <<: {name: x}",
            "3: hosts[0].<<: there is no such field"},
           {"hosts:\n- address: a:1\n  name: 'le ft'",
            "3: hosts[0].name: \"le ft\" is no name: expected 1 to 64 letters, "
            "digits"},
           {"hosts:\n- address: a:1\n  session: 'a/b'",
            "3: hosts[0].session: \"a/b\" is no name"},
           {"hosts:\n- address: a:1\n  known_as: 203.0.113.7",
            "3: hosts[0].known_as: it is a text: expected a list, each a "
            "literal IP address"},
           {"hosts:\n- address: a:1\n  known_as: {a: b}",
            "3: hosts[0].known_as: it is a mapping: expected a list"},
           {"hosts:\n- address: a:1\n  known_as:",
            "hosts[0].known_as: it is nothing: expected a list"},
           {"hosts:\n- address: a:1\n  known_as:\n  - 10.0.0.1\n  - here",
            "5: hosts[0].known_as[1]: \"here\" is none: expected a literal IP "
            "address"},
           {"hosts:\n- address: a:1\n  known_as: ['10.0.0.1:80']",
            "3: hosts[0].known_as[0]: \"10.0.0.1:80\" is none"},
           {"hosts:\n- address: a:1\n  known_as: ['']",
            "3: hosts[0].known_as[0]: it is empty"},
           {"hosts:\n- address: a:1\n  known_as: [[10.0.0.1]]",
            "3: hosts[0].known_as[0]: it is a list"},
           {"hosts:\n- address: a:1\n  known_as: []\n  known_as: []",
            "4: hosts[0].known_as: the field is there twice"},
           {"hosts:\n- address: a:1\n  tls: ca.pem",
            "3: hosts[0].tls: it is a text: expected a mapping with the fields "
            "ca, cert, key"},
           {"hosts:\n- address: a:1\n  tls:\n    key: k",
            "4: hosts[0].tls: cert and key go together"},
           {"hosts:\n- address: a:1\n  tls:\n    ca: []",
            "4: hosts[0].tls.ca: it is a list: expected the path"},
           {"hosts:\n- {name: x, address: 'a:1'}\n- {name: x, address: 'b:1'}",
            "3: hosts[1].name: two hosts are called \"x\""},
           {"hosts:\n- address: a:1\n---\nhosts: []", "3: a second document"},
           {",", "1: it is nothing: expected a mapping"},
           {"hosts: [", "no YAML: "},
           {"hosts:\n\t- x", "no YAML: "},
           {"hosts: *nobody", "1: no YAML: "},
           {"a: b: c", "1: no YAML: "},
           {std::string("hosts: \0 \xff\xfe", 11), ""},
       }) {
    EXPECT_THAT(Problem(bad.text), HasSubstr(bad.problem)) << bad.text;
  }
}

std::string Repeat(absl::string_view text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) absl::StrAppend(&repeated, text);
  return repeated;
}

TEST(ParseHostsFileTest, SurvivesDeepNesting) {
  for (int depth : {100, 10'000, 500'000}) {
    Problem(Repeat("[", depth));
    Problem(absl::StrCat("hosts: ", Repeat("{a: ", depth / 4)));
    Problem(absl::StrCat("hosts: ", Repeat("- ", depth)));
    Problem(absl::StrCat("hosts:\n", Repeat("- ", depth), "x"));
    Problem(Repeat("? ", depth));
  }
}

TEST(ParseHostsFileTest, SurvivesAliasesOfAliases) {
  std::string text = "x0: &x0 [a, b]\n";
  for (int i = 1; i < 100; ++i) {
    absl::StrAppend(&text, "x", i, ": &x", i, " [",
                    Repeat(absl::StrCat("*x", i - 1, ", "), 20), "]\n");
  }
  EXPECT_THAT(Problem(text), StartsWith("1: x0: there is no such field"));
  EXPECT_THAT(Problem(absl::StrCat("hosts: &x [*x]")),
              HasSubstr("expected a mapping"));
}

TEST(ParseHostsFileTest, RefusesWhatIsTooLarge) {
  const std::string text(kMaxHostsFileBytes, '#');
  EXPECT_TRUE(absl::IsInvalidArgument(Parse(text).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(Parse(text + "#").status()));
}

class ReadHostsFileTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(folder_.ok()) << folder_.status(); }

  absl::StatusOr<TempDir> folder_ = TempDir::Create();
};

TEST_F(ReadHostsFileTest, ReadsAFile) {
  const std::string path = folder_->path() + "/hosts.yaml";
  std::ofstream(path) << "hosts:\n- {address: 'a:1', tls: {ca: ca.pem}}\n";
  const absl::StatusOr<std::vector<HostEntry>> hosts = ReadHostsFile(path);
  ASSERT_TRUE(hosts.ok()) << hosts.status();
  EXPECT_EQ(hosts->at(0).tls.ca, folder_->path() + "/ca.pem");
}

TEST_F(ReadHostsFileTest, ReadsNoMoreThanTheLimit) {
  const absl::Status status = ReadHostsFile("/dev/zero").status();
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
}

TEST_F(ReadHostsFileTest, SaysWhyItCannot) {
  absl::Status status = ReadHostsFile("/no/such/file").status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_EQ(status.message(),
            "can't read /no/such/file: No such file or directory");
  status = ReadHostsFile(folder_->path()).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("Is a directory"));
}

}  // namespace
}  // namespace standoff::client
