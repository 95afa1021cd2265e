;; A guest of wasi:tls@0.3.0-draft: sends a request over TLS and returns all that is answered, or what went wrong.
(module
  (import "wasi:tls/client@0.3.0-draft" "[constructor]connector" (func $connector (result i32)))
  (import "wasi:tls/client@0.3.0-draft" "[method]connector.send" (func $send (param i32 i32 i32)))
  (import "wasi:tls/client@0.3.0-draft" "[method]connector.receive" (func $receive (param i32 i32 i32)))
  (import "wasi:tls/client@0.3.0-draft" "[async-lower][static]connector.connect" (func $connect (param i32 i32 i32 i32) (result i32)))
  (import "wasi:tls/client@0.3.0-draft" "[stream-new-0][method]connector.send" (func $stream (result i64)))
  (import "wasi:tls/client@0.3.0-draft" "[async-lower][stream-write-0][method]connector.send" (func $write (param i32 i32 i32) (result i32)))
  (import "wasi:tls/client@0.3.0-draft" "[stream-drop-writable-0][method]connector.send" (func $close (param i32)))
  (import "wasi:tls/client@0.3.0-draft" "[async-lower][stream-read-1][method]connector.receive" (func $read (param i32 i32 i32) (result i32)))
  (import "wasi:tls/client@0.3.0-draft" "[stream-drop-readable-1][method]connector.receive" (func $stop (param i32)))
  (import "wasi:tls/client@0.3.0-draft" "[async-lower][future-read-2][method]connector.send" (func $sent (param i32 i32) (result i32)))
  (import "wasi:tls/client@0.3.0-draft" "[async-lower][future-read-2][method]connector.receive" (func $received (param i32 i32) (result i32)))
  (import "wasi:tls/types@0.3.0-draft" "[method]error.to-debug-string" (func $why (param i32 i32)))
  (import "$root" "exchange" (func $exchange (param i32) (result i32)))
  (import "$root" "[waitable-set-new]" (func $set (result i32)))
  (import "$root" "[waitable-join]" (func $join (param i32 i32)))
  (import "$root" "[subtask-drop]" (func $drop-subtask (param i32)))
  (import "[export]$root" "[task-return]request" (func $return (param i32 i32 i32)))

  (memory (export "memory") 2)
  ;; At 0 a result, at 16 a stream and a future, at 32 a string, at 48 the result of sending.
  (global $free (mut i32) (i32.const 64))
  (global $state (mut i32) (i32.const 0))
  (global $waiting (mut i32) (i32.const 0))
  ;; What is left of the request.
  (global $from (mut i32) (i32.const 0))
  (global $to (mut i32) (i32.const 0))
  ;; The answer is the last thing in memory.
  (global $answer (mut i32) (i32.const 0))
  (global $writer (mut i32) (i32.const 0))
  (global $reader (mut i32) (i32.const 0))
  (global $was-sent (mut i32) (i32.const 0))
  (global $was-read (mut i32) (i32.const 0))
  (global $sent-told (mut i32) (i32.const 0))

  (func $room (param $end i32)
    (if (i32.gt_u (local.get $end) (i32.mul (memory.size) (i32.const 65536)))
      (then (if (i32.eq (memory.grow (i32.shr_u (local.get $end) (i32.const 16))) (i32.const -1)) (then unreachable)))))

  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get 3)))
    (call $room (global.get $free))
    (local.get $at))

  (func (export "[async-lift]request") (param $name i32) (param $name-length i32) (param $request i32) (param $length i32) (result i32)
    (local $connection i32) (local $pair i64) (local $status i32)
    (global.set $from (local.get $request))
    (global.set $to (i32.add (local.get $request) (local.get $length)))
    (global.set $waiting (call $set))
    (local.set $connection (call $connector))
    (local.set $pair (call $stream))
    (global.set $writer (i32.wrap_i64 (i64.shr_u (local.get $pair) (i64.const 32))))
    (call $send (local.get $connection) (i32.wrap_i64 (local.get $pair)) (i32.const 16))
    (global.set $was-sent (i32.load (i32.const 20)))
    (call $receive (local.get $connection) (call $exchange (i32.load (i32.const 16))) (i32.const 16))
    (global.set $reader (i32.load (i32.const 16)))
    (global.set $was-read (i32.load (i32.const 20)))
    (local.set $status (call $connect (local.get $connection) (local.get $name) (local.get $name-length) (i32.const 0)))
    ;; Returned at once, or a subtask to wait for.
    (if (i32.eq (i32.and (local.get $status) (i32.const 15)) (i32.const 2)) (then (return (call $go-on (i32.const 0)))))
    (call $wait (i32.shr_u (local.get $status) (i32.const 4))))

  (func (export "[callback][async-lift]request") (param $event i32) (param $waitable i32) (param $status i32) (result i32)
    ;; A subtask tells when it has started, too.
    (if (i32.eq (local.get $event) (i32.const 1))
      (then
        (if (i32.ne (local.get $status) (i32.const 2)) (then (return (call $wait (local.get $waitable)))))
        (call $join (local.get $waitable) (i32.const 0))
        (call $drop-subtask (local.get $waitable))))
    ;; The result of sending comes when it comes.
    (if (i32.and (i32.eq (local.get $event) (i32.const 4)) (i32.eq (local.get $waitable) (global.get $was-sent)))
      (then
        (global.set $sent-told (i32.const 1))
        (if (i32.ne (global.get $state) (i32.const 4)) (then (return (call $go-on-waiting))))))
    (call $go-on (local.get $status)))

  (func $go-on-waiting (result i32)
    (i32.or (i32.const 2) (i32.shl (global.get $waiting) (i32.const 4))))

  (func $wait (param $waitable i32) (result i32)
    (call $join (local.get $waitable) (global.get $waiting))
    (call $go-on-waiting))

  ;; What was under way has ended with the status: how many bytes, and in the four lowest bits whether the other side is gone.
  (func $go-on (param $status i32) (result i32)
    (loop $next
      (block $sending-told (block $read-told (block $reading (block $writing (block $connecting
        (br_table $connecting $writing $reading $read-told $sending-told (global.get $state)))
        ;; The handshake is over.
        (if (i32.load8_u (i32.const 0)) (then (return (call $fail (i32.load (i32.const 4))))))
        ;; Waits for the result of sending from the start: jco takes a guest that waits for nothing but room to write for one that waits forever.
        (if (i32.eq (call $sent (global.get $was-sent) (i32.const 48)) (i32.const -1))
          (then (call $join (global.get $was-sent) (global.get $waiting)))
          (else (global.set $sent-told (i32.const 1))))
        (global.set $state (i32.const 1))
        (local.set $status (i32.const 0)))
        ;; So much of the request is written.
        (global.set $from (i32.add (global.get $from) (i32.shr_u (local.get $status) (i32.const 4))))
        (if (i32.and (i32.eqz (i32.and (local.get $status) (i32.const 15))) (i32.lt_u (global.get $from) (global.get $to)))
          (then
            (local.set $status (call $write (global.get $writer) (global.get $from) (i32.sub (global.get $to) (global.get $from))))
            (br_if $next (i32.ne (local.get $status) (i32.const -1)))
            (return (call $wait (global.get $writer)))))
        (global.set $answer (global.get $free))
        (global.set $state (i32.const 2))
        (local.set $status (i32.const 0)))
        ;; So much more of the answer is there.
        (global.set $free (i32.add (global.get $free) (i32.shr_u (local.get $status) (i32.const 4))))
        (if (i32.eqz (i32.and (local.get $status) (i32.const 15)))
          (then
            (call $room (i32.add (global.get $free) (i32.const 16384)))
            (local.set $status (call $read (global.get $reader) (global.get $free) (i32.const 16384)))
            (br_if $next (i32.ne (local.get $status) (i32.const -1)))
            (return (call $wait (global.get $reader)))))
        (call $stop (global.get $reader))
        (call $close (global.get $writer))
        (global.set $state (i32.const 3))
        (local.set $status (call $received (global.get $was-read) (i32.const 0)))
        (br_if $next (i32.ne (local.get $status) (i32.const -1)))
        (return (call $wait (global.get $was-read))))
        ;; The result of receiving is there.
        (if (i32.load8_u (i32.const 0)) (then (return (call $fail (i32.load (i32.const 4))))))
        (global.set $state (i32.const 4))
        (if (i32.eqz (global.get $sent-told)) (then (return (call $go-on-waiting)))))
      ;; The result of sending is there.
      (if (i32.load8_u (i32.const 48)) (then (return (call $fail (i32.load (i32.const 52))))))
      (call $return (i32.const 0) (global.get $answer) (i32.sub (global.get $free) (global.get $answer))))
    (i32.const 0))

  ;; Returns what the error says.
  (func $fail (param $error i32) (result i32)
    (call $why (local.get $error) (i32.const 32))
    (call $return (i32.const 1) (i32.load (i32.const 32)) (i32.load (i32.const 36)))
    (i32.const 0)))
