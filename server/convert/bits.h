// Flag words and repeated enum fields that stand for them.

#ifndef STANDOFF_SERVER_CONVERT_BITS_H_
#define STANDOFF_SERVER_CONVERT_BITS_H_

#include <google/protobuf/repeated_field.h>

namespace standoff {

// All flags of a request ORed. Each entry is one bit or several.
inline int BitsFromProto(const google::protobuf::RepeatedField<int>& flags) {
  unsigned bits = 0;
  for (const int flag : flags) bits |= static_cast<unsigned>(flag);
  return static_cast<int>(bits);
}

// Appends each bit that is set as an entry.
template <typename Enum>
void BitsToProto(int word, google::protobuf::RepeatedField<int>* flags) {
  for (unsigned rest = static_cast<unsigned>(word); rest != 0;
       rest &= rest - 1) {
    const unsigned bit = rest & (~rest + 1);
    flags->Add(static_cast<Enum>(bit));
  }
}

}  // namespace standoff

#endif  // STANDOFF_SERVER_CONVERT_BITS_H_
