"""What of CPython's own tests can't pass with remote sockets, and why.

Of each module, reasons and the tests for which they hold: "Class.method", in
which a `*` stands for any letters. cpython_suite.py runs these tests, too: one
that passes after all counts as failed until it is taken out here.
"""

from __future__ import annotations

import fnmatch

# Module -> reason -> tests.
DIFFERENCES: dict[str, dict[str, list[str]]] = {
    "test.test_socket": {
        "they pass descriptors of files of this machine, which mean nothing on "
        "the host (SCM_RIGHTS)": [
            "Recvmsg*SCMRightsStreamTest.testCmsgTrunc*",
            "Recvmsg*SCMRightsStreamTest.testFDPassCMSG_*",
            "Recvmsg*SCMRightsStreamTest.testFDPassSeparate*",
            "Recvmsg*SCMRightsStreamTest.testFDPassSimple",
            "Recvmsg*SCMRightsStreamTest.testMultipleFDPass",
            "SendRecvFdsTests.testSendAndRecvFds",
        ],
        "a descriptor of a file of this machine is no handle: EBADF, and not "
        "ENOTSOCK": [
            "GeneralModuleTests.test_socket_fileno_requires_socket_fd",
        ],
        "there is no sendfile(2) between two machines": [
            "GeneralModuleTests.test__sendfile_use_sendfile",
            "SendfileUsingSendfileTest.testCount*",
            "SendfileUsingSendfileTest.testEmptyFileSend",
            "SendfileUsingSendfileTest.testNonBlocking",
            "SendfileUsingSendfileTest.testOffset",
            "SendfileUsingSendfileTest.testRegularFile",
            "SendfileUsingSendfileTest.testWithTimeout*",
            "SendfileUsingSendfileTest.test_errors",
        ],
        "a host looks up addresses of names, not the reverse (gethostbyaddr)": [
            "GeneralModuleTests.testHostnameRes",
            "GeneralModuleTests.test_host_resolution*",
        ],
        "a session does not change its host's name": [
            "GeneralModuleTests.test_sethostname",
        ],
        "SocketType is a class of the host's, and not the one in C that has "
        "descriptors": [
            "GeneralModuleTests.test_SocketType_is_socketobject",
        ],
        "they count references that a function in C has, and one in Python "
        "has more": [
            "GeneralModuleTests.testRefCountGetNameInfo",
        ],
    },
}


def reason_of(module: str, test: str) -> str:
    """Why a test can't pass; empty if it can. `test` is its unittest id."""
    name = test.removeprefix(f"{module}.")
    for reason, patterns in DIFFERENCES.get(module, {}).items():
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
            return reason
    return ""
