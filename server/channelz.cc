#include "server/channelz.h"

#include <dlfcn.h>
#include <grpcpp/version_info.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace standoff {
namespace {

// grpc::channelz::experimental::InitChannelzService().
constexpr char kInit[] =
    "_ZN4grpc8channelz12experimental19InitChannelzServiceEv";

}  // namespace

absl::Status ServeChannelz() {
  const std::string library =
      absl::StrCat("libgrpcpp_channelz.so.", GRPC_CPP_VERSION_MAJOR, ".",
                   GRPC_CPP_VERSION_MINOR);
  // For good: gRPC keeps pointers to what is in it.
  void* const handle = dlopen(library.c_str(), RTLD_NOW);
  void* const init = handle == nullptr ? nullptr : dlsym(handle, kInit);
  if (init == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("--channelz: can't load gRPC's library: ", dlerror()));
  }
  reinterpret_cast<void (*)()>(init)();
  return absl::OkStatus();
}

}  // namespace standoff
