#include "client/find_hosts.h"

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/lab/temp_dir.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::StartsWith;

class FindHostsTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(folder_.ok()) << folder_.status(); }

  // A hosts file with one host of that name.
  std::string File(const std::string& name) {
    const std::string path = folder_->path() + "/" + name + ".yaml";
    std::ofstream(path) << "hosts: [{name: " << name << ", address: 'a:1'}]";
    return path;
  }

  absl::StatusOr<std::vector<HostEntry>> Find(const HostChoice& choice) {
    return FindHosts(choice, [this](const char* name) {
      const auto found = environment_.find(name);
      return found == environment_.end() ? nullptr : found->second.c_str();
    });
  }

  std::vector<std::string> Names(const HostChoice& choice) {
    const absl::StatusOr<std::vector<HostEntry>> hosts = Find(choice);
    EXPECT_TRUE(hosts.ok()) << hosts.status();
    std::vector<std::string> names;
    if (!hosts.ok()) return names;
    for (const HostEntry& host : *hosts) names.push_back(host.name);
    return names;
  }

  std::map<std::string, std::string> environment_;
  absl::StatusOr<TempDir> folder_ = TempDir::Create();
};

TEST_F(FindHostsTest, TheFirstThatSaysSomethingCounts) {
  EXPECT_THAT(Names({}), ElementsAre("127.0.0.1:7411"));
  environment_[kHostsFileVariable] = File("environment-file");
  EXPECT_THAT(Names({}), ElementsAre("environment-file"));
  environment_[kHostsVariable] = "one=a:1,two=b:1";
  EXPECT_THAT(Names({}), ElementsAre("one", "two"));
  const std::string file = File("flag-file");
  EXPECT_THAT(Names({.hosts_file = file}), ElementsAre("flag-file"));
  EXPECT_THAT(Names({.hosts = {"x=a:1", "b:1"}, .hosts_file = file}),
              ElementsAre("x", "b:1"));
}

TEST_F(FindHostsTest, AnEmptyVariableSaysNothing) {
  environment_[kHostsFileVariable] = "";
  environment_[kHostsVariable] = "";
  EXPECT_THAT(Names({}), ElementsAre("127.0.0.1:7411"));
}

TEST_F(FindHostsTest, SaysWhenceAMistakeCame) {
  environment_[kHostsFileVariable] = "/no/such/file";
  absl::Status status = Find({}).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              StartsWith("STANDOFF_HOSTS_FILE: can't read /no/such/file"));

  environment_[kHostsVariable] = "left";
  status = Find({}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              StartsWith("STANDOFF_HOSTS: address \"left\""));

  status = Find({.hosts = {"x=a:1", "x=b:1"}}).status();
  EXPECT_THAT(std::string(status.message()),
              StartsWith("--host: two hosts are called \"x\""));
}

TEST_F(FindHostsTest, AFlagMayNameAHostThatIsKnown) {
  absl::Status status = Find({.hosts = {"left"}}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              StartsWith("--host: \"left\" is neither an address"));
  environment_[kHostsVariable] = "left=a:1,right=b:1";
  const absl::StatusOr<std::vector<HostEntry>> hosts =
      Find({.hosts = {"right", "other=c:1"}});
  ASSERT_TRUE(hosts.ok()) << hosts.status();
  ASSERT_EQ(hosts->size(), 2u);
  EXPECT_EQ(hosts->at(0).name, "right");
  EXPECT_EQ(hosts->at(0).address, "b:1");
  EXPECT_EQ(hosts->at(1).address, "c:1");
  status = Find({.hosts = {"middle"}}).status();
  EXPECT_THAT(std::string(status.message()), EndsWith("left, right"));
  EXPECT_THAT(Names({.hosts = {"file"}, .hosts_file = File("file")}),
              ElementsAre("file"));
  EXPECT_FALSE(Find({.hosts = {"left"}, .hosts_file = File("file")}).ok());
}

TEST_F(FindHostsTest, HostsWithoutTlsFilesGetThoseOfTheFlags) {
  const std::string path = folder_->path() + "/hosts.yaml";
  std::ofstream(path) << "hosts:\n- address: a:1\n- address: b:1\n"
                         "  tls: {ca: /own.pem}\n";
  const absl::StatusOr<std::vector<HostEntry>> hosts =
      Find({.hosts_file = path, .tls = {.ca = "/flag.pem"}});
  ASSERT_TRUE(hosts.ok()) << hosts.status();
  EXPECT_EQ(hosts->at(0).tls.ca, "/flag.pem");
  EXPECT_EQ(hosts->at(1).tls.ca, "/own.pem");
}

}  // namespace
}  // namespace standoff::client
