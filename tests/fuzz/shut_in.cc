#include "tests/fuzz/shut_in.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>
#include <vector>

#include "standoff/v1/address.pb.h"
#include "standoff/v1/socket_service.pb.h"

namespace standoff {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool IsShutIn(int family) {
  constexpr int kFamilies[] = {AF_UNSPEC, AF_UNIX, AF_INET, AF_INET6,
                               AF_PACKET};
  return std::find(std::begin(kFamilies), std::end(kFamilies), family) !=
         std::end(kFamilies);
}

bool Change(v1::UnixAddress& address) {
  if (address.has_path()) {
    address.set_abstract(std::string(address.path()));
  } else if (address.has_path_bytes()) {
    address.set_abstract_bytes(std::string(address.path_bytes()));
  } else {
    return false;
  }
  return true;
}

bool Change(v1::Address& address) {
  sa_family_t family = AF_UNSPEC;
  if (address.raw().size() < sizeof family) return false;
  std::memcpy(&family, address.raw().data(), sizeof family);
  if (IsShutIn(family) && family != AF_UNIX) return false;
  std::string bytes = address.raw();
  family = AF_INET;
  std::memcpy(bytes.data(), &family, sizeof family);
  address.set_raw(bytes);
  return true;
}

template <typename Request>
bool ChangeFamily(Request& request) {
  if (IsShutIn(request.family())) return false;
  request.clear_family();
  return true;
}

// Of the message itself, not of those in it.
bool ChangeOne(Message& message) {
  if (auto* const it = dynamic_cast<v1::UnixAddress*>(&message)) {
    return Change(*it);
  }
  if (auto* const it = dynamic_cast<v1::Address*>(&message)) {
    return Change(*it);
  }
  if (auto* const it = dynamic_cast<v1::OpenRequest*>(&message)) {
    return ChangeFamily(*it);
  }
  if (auto* const it = dynamic_cast<v1::OpenPairRequest*>(&message)) {
    return ChangeFamily(*it);
  }
  return false;
}

}  // namespace

bool ShutIn(Message& message) {
  bool changed = ChangeOne(message);
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* const field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE ||
        field->is_map()) {
      continue;
    }
    if (!field->is_repeated()) {
      changed |= ShutIn(*reflection.MutableMessage(&message, field));
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      changed |= ShutIn(*reflection.MutableRepeatedMessage(&message, field, i));
    }
  }
  return changed;
}

}  // namespace standoff
