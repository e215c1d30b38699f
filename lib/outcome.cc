#include "lib/outcome.h"

#include <netdb.h>

#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace standoff {

const char* EndingName(Ending ending) {
  switch (ending) {
    case Ending::kReturned:
      return "returned";
    case Ending::kFailed:
      return "failed";
    case Ending::kWouldBlock:
      return "would block";
    case Ending::kTimedOut:
      return "timed out";
    case Ending::kInterrupted:
      return "interrupted";
  }
  return "unknown";
}

std::string Outcome::ToString() const {
  std::string text = EndingName(ending);
  if (ending == Ending::kReturned) {
    absl::StrAppend(&text, " ", value);
  } else if (error != 0) {
    const std::string name = ErrnoName(error);
    absl::StrAppend(&text, ": ", name.empty() ? absl::StrCat(error) : name);
  } else if (lookup_error != 0) {
    const std::string name = LookupErrorName(lookup_error);
    absl::StrAppend(&text, ": ",
                    name.empty() ? absl::StrCat(lookup_error) : name);
  }
  if (*syscall != '\0') absl::StrAppend(&text, " from ", syscall);
  if (ending != Ending::kReturned && value > 0) {
    absl::StrAppend(&text, " after ", value, " bytes");
  }
  absl::StrAppend(&text, " after ", absl::FormatDuration(elapsed));
  return text;
}

std::ostream& operator<<(std::ostream& stream, const Outcome& outcome) {
  return stream << outcome.ToString();
}

std::string ErrnoName(int error) {
  const char* name = strerrorname_np(error);
  return name == nullptr || error == 0 ? "" : name;
}

std::string LookupErrorName(int lookup_error) {
  switch (lookup_error) {
    case EAI_BADFLAGS:
      return "EAI_BADFLAGS";
    case EAI_NONAME:
      return "EAI_NONAME";
    case EAI_AGAIN:
      return "EAI_AGAIN";
    case EAI_FAIL:
      return "EAI_FAIL";
    case EAI_FAMILY:
      return "EAI_FAMILY";
    case EAI_SOCKTYPE:
      return "EAI_SOCKTYPE";
    case EAI_SERVICE:
      return "EAI_SERVICE";
    case EAI_MEMORY:
      return "EAI_MEMORY";
    case EAI_SYSTEM:
      return "EAI_SYSTEM";
    case EAI_OVERFLOW:
      return "EAI_OVERFLOW";
    case EAI_NODATA:
      return "EAI_NODATA";
    case EAI_ADDRFAMILY:
      return "EAI_ADDRFAMILY";
    case EAI_INPROGRESS:
      return "EAI_INPROGRESS";
    case EAI_CANCELED:
      return "EAI_CANCELED";
    case EAI_NOTCANCELED:
      return "EAI_NOTCANCELED";
    case EAI_ALLDONE:
      return "EAI_ALLDONE";
    case EAI_INTR:
      return "EAI_INTR";
    case EAI_IDN_ENCODE:
      return "EAI_IDN_ENCODE";
    default:
      return "";
  }
}

}  // namespace standoff
