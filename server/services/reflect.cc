#include "server/services/reflect.h"

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"

namespace standoff {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using grpc::reflection::v1alpha::ExtensionNumberResponse;
using grpc::reflection::v1alpha::ServerReflectionRequest;
using grpc::reflection::v1alpha::ServerReflectionResponse;

void Refuse(absl::StatusCode code, const std::string& message,
            ServerReflectionResponse& response) {
  response.mutable_error_response()->set_error_code(static_cast<int>(code));
  response.mutable_error_response()->set_error_message(message);
}

void NotFound(const char* what, const std::string& name,
              ServerReflectionResponse& response) {
  Refuse(absl::StatusCode::kNotFound,
         absl::StrCat("there is no ", what, " '", name, "'"), response);
}

// The file, then what it imports, each once.
void AddFile(const FileDescriptor& file, ServerReflectionResponse& response) {
  std::vector<const FileDescriptor*> files = {&file};
  absl::flat_hash_set<const FileDescriptor*> seen = {&file};
  for (size_t i = 0; i < files.size(); ++i) {
    google::protobuf::FileDescriptorProto proto;
    files[i]->CopyTo(&proto);
    response.mutable_file_descriptor_response()->add_file_descriptor_proto(
        proto.SerializeAsString());
    const int imports = files[i]->dependency_count();
    for (int import = 0; import < imports; ++import) {
      const FileDescriptor* const imported = files[i]->dependency(import);
      if (seen.insert(imported).second) files.push_back(imported);
    }
  }
}

void AddExtensions(const DescriptorPool& pool, const std::string& name,
                   ServerReflectionResponse& response) {
  const Descriptor* const message = pool.FindMessageTypeByName(name);
  if (message == nullptr) return NotFound("message", name, response);
  ExtensionNumberResponse& found =
      *response.mutable_all_extension_numbers_response();
  found.set_base_type_name(name);
  std::vector<const FieldDescriptor*> extensions;
  pool.FindAllExtensions(message, &extensions);
  for (const FieldDescriptor* const extension : extensions) {
    found.add_extension_number(extension->number());
  }
}

const FileDescriptor* FileOfExtension(const DescriptorPool& pool,
                                      const std::string& message_name,
                                      int number) {
  const Descriptor* const message = pool.FindMessageTypeByName(message_name);
  if (message == nullptr) return nullptr;
  const FieldDescriptor* const extension =
      pool.FindExtensionByNumber(message, number);
  return extension == nullptr ? nullptr : extension->file();
}

}  // namespace

ServerReflectionResponse Reflect(const std::vector<std::string>& services,
                                 const ServerReflectionRequest& request) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  ServerReflectionResponse response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  const auto answer_with = [&](const FileDescriptor* file, const char* what,
                               const std::string& name) {
    if (file == nullptr) {
      NotFound(what, name, response);
    } else {
      AddFile(*file, response);
    }
  };
  switch (request.message_request_case()) {
    case ServerReflectionRequest::kFileByFilename:
      answer_with(pool.FindFileByName(request.file_by_filename()), "file",
                  request.file_by_filename());
      break;
    case ServerReflectionRequest::kFileContainingSymbol:
      answer_with(
          pool.FindFileContainingSymbol(request.file_containing_symbol()),
          "symbol", request.file_containing_symbol());
      break;
    case ServerReflectionRequest::kFileContainingExtension: {
      const auto& extension = request.file_containing_extension();
      answer_with(FileOfExtension(pool, extension.containing_type(),
                                  extension.extension_number()),
                  "extension",
                  absl::StrCat(extension.containing_type(), ":",
                               extension.extension_number()));
      break;
    }
    case ServerReflectionRequest::kAllExtensionNumbersOfType:
      AddExtensions(pool, request.all_extension_numbers_of_type(), response);
      break;
    case ServerReflectionRequest::kListServices:
      // Also when there is none.
      response.mutable_list_services_response();
      for (const std::string& service : services) {
        response.mutable_list_services_response()->add_service()->set_name(
            service);
      }
      break;
    case ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
      Refuse(absl::StatusCode::kInvalidArgument,
             "message_request: is missing; ask for list_services, say",
             response);
      break;
  }
  return response;
}

}  // namespace standoff
