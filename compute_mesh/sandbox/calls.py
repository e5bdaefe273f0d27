"""Which system calls a worker may make: an allow-list by name, and the numbers that x86-64 and arm64 give them.

The list is what `strace -f` saw of a llama.cpp worker and of a torch worker (loading, writing, embedding, training,
scoring, with two threads), and what the C library calls in their place on other versions or other processors. Whatever
is not named is refused with EPERM. `DANGEROUS` ends the process: no library calls these by accident.
"""

from typing import Final


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Made without conditions.
ALLOWED: Final = _names(
    """
    read write readv writev pread64 pwrite64 preadv pwritev lseek close close_range
    open openat openat2 creat stat lstat fstat newfstatat statx statfs fstatfs access faccessat faccessat2
    readlink readlinkat getcwd chdir fchdir getdents getdents64
    mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 symlink symlinkat link linkat
    truncate ftruncate fallocate fadvise64 fsync fdatasync flock umask chmod fchmod fchmodat utimensat sendfile
    copy_file_range
    dup dup2 dup3 pipe pipe2 fcntl poll ppoll select pselect6
    epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait eventfd eventfd2
    mmap mprotect munmap mremap madvise brk msync mincore mlock munlock membarrier
    mbind get_mempolicy set_mempolicy
    futex futex_waitv set_robust_list get_robust_list rseq set_tid_address arch_prctl
    rt_sigaction rt_sigprocmask rt_sigreturn rt_sigsuspend rt_sigtimedwait sigaltstack restart_syscall tgkill
    clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times getitimer setitimer alarm
    getpid getppid gettid getuid geteuid getgid getegid getgroups getresuid getresgid getpgrp getpgid getsid
    getrusage getrlimit sysinfo uname getrandom getcpu getpriority
    sched_yield sched_getaffinity sched_setaffinity sched_getparam sched_getscheduler
    sched_get_priority_max sched_get_priority_min
    execve wait4 waitid exit exit_group
    """
)

#: Made only as `program.py` says.
CONDITIONAL: Final = frozenset({"clone", "clone3", "ioctl", "prctl", "prlimit64"})

#: Answered by the end of the process.
DANGEROUS: Final = _names(
    """
    ptrace process_vm_readv process_vm_writev process_madvise kcmp pidfd_getfd
    unshare setns mount umount2 pivot_root chroot move_mount open_tree fsopen fsconfig fsmount fspick mount_setattr
    bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register
    add_key request_key keyctl seccomp
    kexec_load kexec_file_load init_module finit_module delete_module reboot swapon swapoff acct quotactl
    open_by_handle_at name_to_handle_at personality modify_ldt iopl ioperm lookup_dcookie vhangup
    settimeofday clock_settime adjtimex clock_adjtime sethostname setdomainname syslog
    """
)

#: A number at and above which a kernel may know more than this file: answered with ENOSYS, as an older kernel would,
#: so that the C library falls back to a call that is known here.
UNKNOWN_FROM: Final = 451

_X86_64: Final = """
read 0 write 1 open 2 close 3 stat 4 fstat 5 lstat 6 poll 7 lseek 8 mmap 9 mprotect 10 munmap 11 brk 12
rt_sigaction 13 rt_sigprocmask 14 rt_sigreturn 15 ioctl 16 pread64 17 pwrite64 18 readv 19 writev 20 access 21 pipe 22
select 23 sched_yield 24 mremap 25 msync 26 mincore 27 madvise 28 dup 32 dup2 33 nanosleep 35 getitimer 36 alarm 37
setitimer 38 getpid 39 sendfile 40 clone 56 execve 59 exit 60 wait4 61 uname 63 fcntl 72 flock 73 fsync 74 fdatasync 75
truncate 76 ftruncate 77 getdents 78 getcwd 79 chdir 80 fchdir 81 rename 82 mkdir 83 rmdir 84 creat 85 link 86
unlink 87 symlink 88 readlink 89 chmod 90 fchmod 91 umask 95 gettimeofday 96 getrlimit 97 getrusage 98 sysinfo 99
times 100 ptrace 101 getuid 102 syslog 103 getgid 104 geteuid 107 getegid 108 getppid 110 getpgrp 111 getgroups 115
getresuid 118 getresgid 120 getpgid 121 getsid 124 rt_sigtimedwait 128 rt_sigsuspend 130 sigaltstack 131
personality 135 statfs 137 fstatfs 138 getpriority 140 sched_getparam 143 sched_getscheduler 145
sched_get_priority_max 146 sched_get_priority_min 147 mlock 149 munlock 150 vhangup 153 modify_ldt 154 pivot_root 155
prctl 157 arch_prctl 158 adjtimex 159 chroot 161 acct 163 settimeofday 164 mount 165 umount2 166 swapon 167 swapoff 168
reboot 169 sethostname 170 setdomainname 171 iopl 172 ioperm 173 init_module 175 delete_module 176 quotactl 179
gettid 186 time 201 futex 202 sched_setaffinity 203 sched_getaffinity 204 lookup_dcookie 212 epoll_create 213
getdents64 217 set_tid_address 218 restart_syscall 219 fadvise64 221 clock_settime 227 clock_gettime 228
clock_getres 229 clock_nanosleep 230 exit_group 231 epoll_wait 232 epoll_ctl 233 tgkill 234 mbind 237
set_mempolicy 238 get_mempolicy 239 kexec_load 246 waitid 247 add_key 248 request_key 249 keyctl 250 openat 257
mkdirat 258 newfstatat 262 unlinkat 263 renameat 264 linkat 265 symlinkat 266 readlinkat 267 fchmodat 268
faccessat 269 pselect6 270 ppoll 271 unshare 272 set_robust_list 273 get_robust_list 274 utimensat 280
epoll_pwait 281 eventfd 284 fallocate 285 eventfd2 290 epoll_create1 291 dup3 292 pipe2 293 preadv 295 pwritev 296
perf_event_open 298 prlimit64 302 name_to_handle_at 303 open_by_handle_at 304 clock_adjtime 305 setns 308 getcpu 309
process_vm_readv 310 process_vm_writev 311 kcmp 312 finit_module 313 renameat2 316 seccomp 317 getrandom 318
kexec_file_load 320 bpf 321 userfaultfd 323 membarrier 324 copy_file_range 326 statx 332 rseq 334
"""

_ARM64: Final = """
getcwd 17 lookup_dcookie 18 eventfd2 19 epoll_create1 20 epoll_ctl 21 epoll_pwait 22 dup 23 dup3 24 fcntl 25 ioctl 29
flock 32 mkdirat 34 unlinkat 35 symlinkat 36 linkat 37 renameat 38 umount2 39 mount 40 pivot_root 41 statfs 43
fstatfs 44 truncate 45 ftruncate 46 fallocate 47 faccessat 48 chdir 49 fchdir 50 chroot 51 fchmod 52 fchmodat 53
openat 56 close 57 vhangup 58 pipe2 59 quotactl 60 getdents64 61 lseek 62 read 63 write 64 readv 65 writev 66
pread64 67 pwrite64 68 preadv 69 pwritev 70 sendfile 71 pselect6 72 ppoll 73 readlinkat 78 newfstatat 79 fstat 80
fsync 82 fdatasync 83 utimensat 88 acct 89 personality 92 exit 93 exit_group 94 waitid 95 set_tid_address 96 unshare 97
futex 98 set_robust_list 99 get_robust_list 100 nanosleep 101 getitimer 102 setitimer 103 kexec_load 104
init_module 105 delete_module 106 clock_settime 112 clock_gettime 113 clock_getres 114 clock_nanosleep 115 syslog 116
ptrace 117 sched_getscheduler 120 sched_getparam 121 sched_setaffinity 122 sched_getaffinity 123 sched_yield 124
sched_get_priority_max 125 sched_get_priority_min 126 restart_syscall 128 tgkill 131 sigaltstack 132 rt_sigsuspend 133
rt_sigaction 134 rt_sigprocmask 135 rt_sigtimedwait 137 rt_sigreturn 139 getpriority 141 reboot 142 getresuid 148
getresgid 150 times 153 getpgid 155 getsid 156 getgroups 158 uname 160 sethostname 161 setdomainname 162 getrlimit 163
getrusage 165 umask 166 prctl 167 getcpu 168 gettimeofday 169 settimeofday 170 adjtimex 171 getpid 172 getppid 173
getuid 174 geteuid 175 getgid 176 getegid 177 gettid 178 sysinfo 179 brk 214 munmap 215 mremap 216 add_key 217
request_key 218 keyctl 219 clone 220 execve 221 mmap 222 fadvise64 223 swapon 224 swapoff 225 mprotect 226 msync 227
mlock 228 munlock 229 mincore 232 madvise 233 mbind 235 get_mempolicy 236 set_mempolicy 237 perf_event_open 241
wait4 260 prlimit64 261 name_to_handle_at 264 open_by_handle_at 265 clock_adjtime 266 setns 268 process_vm_readv 270
process_vm_writev 271 kcmp 272 finit_module 273 renameat2 276 seccomp 277 getrandom 278 bpf 280 userfaultfd 282
membarrier 283 copy_file_range 285 statx 291 rseq 293 kexec_file_load 294
"""

#: The numbers are the same on every processor from 424 on.
_BOTH: Final = """
io_uring_setup 425 io_uring_enter 426 io_uring_register 427 open_tree 428 move_mount 429 fsopen 430 fsconfig 431
fsmount 432 fspick 433 clone3 435 close_range 436 openat2 437 pidfd_getfd 438 faccessat2 439 process_madvise 440
mount_setattr 442 futex_waitv 449
"""


def _table(text: str) -> dict[str, int]:
    words = text.split()
    return {name: int(number) for name, number in zip(words[::2], words[1::2], strict=True)}


#: By the name that `platform.machine` gives: the number of each call that the processor has.
NUMBERS: Final[dict[str, dict[str, int]]] = {
    "x86_64": _table(_X86_64 + _BOTH),
    "aarch64": _table(_ARM64 + _BOTH),
}
