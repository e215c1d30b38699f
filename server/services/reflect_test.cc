#include "server/services/reflect.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/descriptor.pb.h"
#include "gtest/gtest.h"

namespace standoff {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using grpc::reflection::v1alpha::ServerReflectionRequest;
using grpc::reflection::v1alpha::ServerReflectionResponse;

constexpr int kNotFound = 5;
constexpr int kInvalidArgument = 3;

constexpr char kOwnFile[] = "grpc/reflection/v1alpha/reflection.proto";

std::vector<std::string> NamesOf(const ServerReflectionResponse& response) {
  std::vector<std::string> names;
  for (const std::string& bytes :
       response.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    EXPECT_TRUE(file.ParseFromString(bytes));
    names.push_back(file.name());
  }
  return names;
}

ServerReflectionResponse Ask(const ServerReflectionRequest& request) {
  return Reflect({"one.Service", "another.Service"}, request);
}

TEST(ReflectTest, ListsTheServices) {
  ServerReflectionRequest request;
  request.set_host("host");
  request.set_list_services("");
  const ServerReflectionResponse response = Ask(request);
  EXPECT_EQ(response.valid_host(), "host");
  EXPECT_TRUE(response.original_request().has_list_services());
  ASSERT_THAT(response.list_services_response().service(), SizeIs(2));
  EXPECT_EQ(response.list_services_response().service(0).name(), "one.Service");
  EXPECT_TRUE(Reflect({}, request).has_list_services_response());
}

TEST(ReflectTest, FindsAFileByItsNameAndWhatItDeclares) {
  ServerReflectionRequest request;
  request.set_file_by_filename(kOwnFile);
  EXPECT_THAT(NamesOf(Ask(request)), ElementsAre(kOwnFile));
  for (const char* symbol :
       {"grpc.reflection.v1alpha.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection.ServerReflectionInfo",
        "grpc.reflection.v1alpha.ErrorResponse",
        "grpc.reflection.v1alpha.ErrorResponse.error_code"}) {
    request.set_file_containing_symbol(symbol);
    EXPECT_THAT(NamesOf(Ask(request)), ElementsAre(kOwnFile)) << symbol;
  }
}

TEST(ReflectTest, ExtensionsOfAMessage) {
  ServerReflectionRequest request;
  request.set_all_extension_numbers_of_type("google.protobuf.FileOptions");
  const ServerReflectionResponse response = Ask(request);
  EXPECT_EQ(response.all_extension_numbers_response().base_type_name(),
            "google.protobuf.FileOptions");
  EXPECT_THAT(response.all_extension_numbers_response().extension_number(),
              IsEmpty());
}

TEST(ReflectTest, WhatIsUnknownIsNotFound) {
  ServerReflectionRequest file;
  file.set_file_by_filename("no/such.proto");
  ServerReflectionRequest symbol;
  symbol.set_file_containing_symbol("no.such.Symbol");
  ServerReflectionRequest type;
  type.set_all_extension_numbers_of_type("no.such.Message");
  ServerReflectionRequest extension;
  extension.mutable_file_containing_extension()->set_containing_type(
      "google.protobuf.FileOptions");
  extension.mutable_file_containing_extension()->set_extension_number(99'999);
  ServerReflectionRequest of_nothing;
  of_nothing.mutable_file_containing_extension()->set_containing_type(
      "no.such");
  for (const auto& request : {file, symbol, type, extension, of_nothing}) {
    const ServerReflectionResponse response = Ask(request);
    EXPECT_EQ(response.error_response().error_code(), kNotFound)
        << request.DebugString();
    EXPECT_FALSE(response.error_response().error_message().empty());
  }
}

TEST(ReflectTest, AnEmptyRequestIsRefused) {
  EXPECT_EQ(Ask({}).error_response().error_code(), kInvalidArgument);
}

}  // namespace
}  // namespace standoff
