package io.cowshed.pool;

/** Another replica has put into the pool what was missing, or the pool has become smaller: these clones are not needed. */
final class PoolFull extends RuntimeException {}
